/** What Grafana's panels and dashboards are made of; https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const COLUMNS = 24;
const HEIGHT = { stat: 4, timeseries: 8 };

/** Only what the chosen namespaces have; where nothing is labelled with a namespace, `All` is everything. */
export const NAMESPACE = 'namespace=~"$namespace"';

/** Adds whose a process is, by `target_info`. @param {string} expression that keeps the labels `job` and `instance`. */
export function withService(expression, service = '$service') {
  return `${expression} * on (job, instance) group_left (service_name) target_info{${NAMESPACE}, service_name=~"${service}"}`;
}

/** One number with a colour. @param thresholds from which value on it is yellow and red. */
export function stat(title, unit, query, { warn, bad, description } = {}) {
  const steps = [
    { color: 'green', value: null },
    ...(warn === undefined ? [] : [{ color: 'yellow', value: warn }]),
    ...(bad === undefined ? [] : [{ color: 'red', value: bad }]),
  ];
  return {
    type: 'stat',
    title,
    ...(description && { description }),
    width: 4,
    queries: [[query, '']],
    fieldConfig: { defaults: { unit, thresholds: { mode: 'absolute', steps } }, overrides: [] },
    options: { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'background' },
  };
}

/** Lines over time. @param {[query: string, legend: string][]} queries */
export function graph(title, unit, queries, { description, width = 8, stacked = false } = {}) {
  return {
    type: 'timeseries',
    title,
    ...(description && { description }),
    width,
    queries,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        custom: { fillOpacity: stacked ? 30 : 5, ...(stacked && { stacking: { mode: 'normal' } }) },
      },
      overrides: [],
    },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
  };
}

/** @param variables besides the data source and the namespace. @param panels from left to right and top to bottom. */
export function dashboard({ uid, title, description, variables = [], panels }) {
  let x = 0;
  let y = 0;
  let rowHeight = 0;
  const placed = panels.map(({ width, queries, ...panel }, index) => {
    const height = HEIGHT[panel.type];
    if (x + width > COLUMNS) {
      x = 0;
      y += rowHeight;
      rowHeight = 0;
    }
    const gridPos = { x, y, w: width, h: height };
    x += width;
    rowHeight = Math.max(rowHeight, height);
    return {
      id: index + 1,
      ...panel,
      datasource: DATASOURCE,
      gridPos,
      targets: queries.map(([expr, legendFormat], n) => ({
        refId: String.fromCharCode(65 + n),
        datasource: DATASOURCE,
        expr,
        legendFormat,
      })),
    };
  });
  return {
    uid,
    title,
    description,
    tags: ['tenantry'],
    schemaVersion: 39,
    version: 1,
    editable: false,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    timezone: '',
    links: [{ type: 'dashboards', tags: ['tenantry'], title: 'Tenantry', asDropdown: true }],
    annotations: { list: [] },
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
        choice(
          'namespace',
          'Namespace',
          'label_values(target_info{service_namespace="tenantry"}, namespace)',
        ),
        ...variables,
      ],
    },
    panels: placed,
  };
}

/** A variable of which any number of values can be chosen. */
export function choice(name, label, query) {
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: name },
    definition: query,
    refresh: 2,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  };
}
