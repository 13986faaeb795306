import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { fromRoot } from '../run.mjs';
import { promtool } from './promtool.mjs';
import { runbookBlocks } from './runbooks.mjs';

/** What Grafana puts in place of its variables when everything is chosen. */
const VARIABLES = { $__rate_interval: '5m', $namespace: '.*', $service: '.*' };

/** Every query of every dashboard, as Prometheus would get it. */
export function dashboardQueries() {
  return [
    ...new Set(
      dashboards()
        .flatMap(({ panels }) => panels.flatMap(({ targets }) => targets))
        .map(resolved),
    ),
  ];
}

/** Every query of every runbook. */
export function runbookQueries() {
  return [...new Set(runbookBlocks('promql').map(({ content }) => content))];
}

/** Every query of dashboards and runbooks is PromQL, and nothing of Grafana's is left in it. */
export async function queriesParse() {
  const queries = [...dashboardQueries(), ...runbookQueries()];
  const left = queries.filter((query) => query.includes('$'));
  if (left.length > 0) throw new Error(`unknown variables in:\n${left.join('\n')}`);
  const folder = mkdtempSync(path.join(tmpdir(), 'tenantry-dashboards-'));
  try {
    const file = path.join(folder, 'queries.yaml');
    const rules = queries.map((expr, n) => ({ record: `query:${n}`, expr }));
    writeFileSync(file, stringify({ groups: [{ name: 'queries', rules }] }));
    return await promtool(['check', 'rules', file]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function dashboards() {
  const folder = fromRoot('deploy', 'dashboards');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')));
}

function resolved({ expr }) {
  return Object.entries(VARIABLES).reduce((text, [name, value]) => text.replaceAll(name, value), expr);
}
