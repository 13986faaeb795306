import { NAMESPACE, choice, dashboard, graph, stat, withService } from './dashboard.mjs';

const SLO = `${NAMESPACE}, service_name=~"$service"`;
const quantile = (q) =>
  `histogram_quantile(${q}, sum by (service_name, le) (${withService(
    `rate(http_server_request_duration_bucket{${NAMESPACE}, http_route!~"|.+/watch"}[$__rate_interval])`,
  )}))`;

/** Is it up, does it answer, and in time? The first page of a platform team. */
export default dashboard({
  uid: 'tenantry-service-health',
  title: 'Tenantry / Service health',
  description: 'Whether every process is there and answers in time, and whether what was committed gets out.',
  variables: [
    choice(
      'service',
      'Service',
      `label_values(target_info{service_namespace="tenantry", ${NAMESPACE}}, service_name)`,
    ),
  ],
  panels: [
    stat('Requests that failed (1 h)', 'percentunit', `max(tenantry:http_errors:ratio1h{${SLO}})`, {
      warn: 0.001,
      bad: 0.0144,
    }),
    stat('Slower than 0.5 s (1 h)', 'percentunit', `max(tenantry:http_slow:ratio1h{${SLO}})`, {
      warn: 0.01,
      bad: 0.144,
    }),
    stat('Outbox: oldest message', 's', `max(tenantry_outbox_oldest_age_seconds{${NAMESPACE}})`, {
      warn: 60,
      bad: 300,
    }),
    stat('Parked facts', 'short', `sum(max by (participant) (tenantry_parked_facts{${NAMESPACE}}))`, {
      warn: 1,
      bad: 10,
    }),
    stat(
      'Operations past their deadline',
      'short',
      `sum(max by (operation) (tenantry_operations_overdue{${NAMESPACE}}))`,
      { warn: 1, bad: 10 },
    ),
    stat('Migrations to run', 'short', `max(tenantry_schema_migrations_pending{${NAMESPACE}})`, { warn: 1 }),
    graph('Requests', 'reqps', [
      [
        `sum by (service_name, http_response_status_code) (${withService(
          `rate(http_server_request_duration_count{${NAMESPACE}}[$__rate_interval])`,
        )})`,
        '{{service_name}} {{http_response_status_code}}',
      ],
    ]),
    graph('Failed requests', 'percentunit', [[`tenantry:http_errors:ratio5m{${SLO}}`, '{{service_name}}']]),
    graph('How long requests take', 's', [
      [quantile(0.5), '{{service_name}} median'],
      [quantile(0.99), '{{service_name}} 99 %'],
    ]),
    graph('Error budget of three days that is spent', 'percentunit', [
      [`tenantry:http_errors:ratio3d{${SLO}} / 0.001`, '{{service_name}} errors'],
      [`tenantry:http_slow:ratio3d{${SLO}} / 0.01`, '{{service_name}} slow'],
    ]),
    graph('Processes', 'short', [
      [
        `count by (service_name, version) (${withService(`tenantry_build_info{${NAMESPACE}}`)})`,
        '{{service_name}} {{version}}',
      ],
    ]),
    graph('Connections in use', 'short', [
      [
        `sum by (service_name, cluster, class) (${withService(
          `tenantry_pool_connections{${NAMESPACE}, state="used"}`,
        )})`,
        '{{service_name}} {{cluster}} {{class}}',
      ],
    ]),
    graph('Requests that wait for a connection', 'short', [
      [
        `sum by (service_name, cluster, class) (${withService(`tenantry_pool_waiting{${NAMESPACE}}`)})`,
        '{{service_name}} {{cluster}} {{class}}',
      ],
    ]),
    graph('… and for how long (99 %)', 's', [
      [
        `histogram_quantile(0.99, sum by (service_name, cluster, class, le) (${withService(
          `rate(tenantry_pool_wait_seconds_bucket{${NAMESPACE}}[$__rate_interval])`,
        )}))`,
        '{{service_name}} {{cluster}} {{class}}',
      ],
    ]),
    graph('Requests that got no connection', 'reqps', [
      [
        `sum by (service_name, cluster, class) (${withService(
          `rate(tenantry_pool_timeouts_total{${NAMESPACE}}[$__rate_interval])`,
        )})`,
        '{{service_name}} {{cluster}} {{class}}',
      ],
    ]),
    graph(
      'Slowest routes (99 %)',
      's',
      [
        [
          `topk(10, histogram_quantile(0.99, sum by (service_name, http_request_method, http_route, le) (${withService(
            `rate(http_server_request_duration_bucket{${NAMESPACE}, http_route!~"|.+/watch"}[$__rate_interval])`,
          )})))`,
          '{{service_name}} {{http_request_method}} {{http_route}}',
        ],
      ],
      { width: 24 },
    ),
  ],
});
