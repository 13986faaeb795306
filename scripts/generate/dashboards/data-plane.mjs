import { NAMESPACE, choice, dashboard, graph, stat, withService } from './dashboard.mjs';

const of = (metric, labels = '') => withService(`${metric}{${NAMESPACE}${labels}}`);
const rateOf = (metric, labels = '') =>
  withService(`rate(${metric}{${NAMESPACE}${labels}}[$__rate_interval])`);

/** How one service serves its tenants, and keeps them apart. */
export default dashboard({
  uid: 'tenantry-data-plane',
  title: 'Tenantry / Data plane',
  description:
    'Services that use the kit: routes, fence, connections, isolation, and what they owe the control plane.',
  variables: [
    choice(
      'service',
      'Service',
      `label_values(target_info{service_namespace="tenantry", service_name!="control-plane", ${NAMESPACE}}, service_name)`,
    ),
  ],
  panels: [
    stat('Age of routes', 's', `max(${of('tenantry_route_staleness_seconds')})`, { warn: 60, bad: 300 }),
    stat('Isolation: findings', 'short', `max(sum by (instance) (${of('tenantry_isolation_findings')}))`, {
      bad: 1,
    }),
    stat('Isolation: last audit', 's', `max(${of('tenantry_isolation_audit_age_seconds')})`, {
      warn: 7200,
      bad: 10_800,
    }),
    stat('Tenants with parked facts', 'short', `sum(max by (group) (${of('tenantry_parked_tenants')}))`, {
      warn: 1,
    }),
    stat('Oldest answer to send', 's', `max(${of('tenantry_acknowledgements_oldest_age_seconds')})`, {
      warn: 60,
      bad: 300,
    }),
    stat('Requests without a connection', 'short', `sum(${of('tenantry_pool_waiting')})`, {
      warn: 1,
      bad: 10,
    }),
    graph('Age of routes', 's', [
      [`max by (service_name) (${of('tenantry_route_staleness_seconds')})`, '{{service_name}}'],
      [`max by (service_name) (${of('tenantry_route_staleness_alert_seconds')})`, '{{service_name}} limit'],
    ]),
    graph('Tenants known', 'short', [
      [`max by (service_name) (${of('tenantry_route_tenants')})`, '{{service_name}}'],
    ]),
    graph('State records', 'ops', [
      [
        `sum by (service_name, outcome) (${rateOf('tenantry_route_records_total')})`,
        '{{service_name}} {{outcome}}',
      ],
    ]),
    graph('First pass over the state channel', 's', [
      [`max by (service_name) (${of('tenantry_route_bootstrap_seconds')})`, '{{service_name}}'],
    ]),
    graph('Refused by the fence', 'ops', [
      [
        `sum by (service_name, reason) (${rateOf('tenantry_fence_refusals_total')})`,
        '{{service_name}} {{reason}}',
      ],
    ]),
    graph('Connections', 'short', [
      [
        `sum by (service_name, cluster, class, state) (${of('tenantry_pool_connections')})`,
        '{{service_name}} {{cluster}} {{class}} {{state}}',
      ],
    ]),
    graph('How long requests wait for a connection (99 %)', 's', [
      [
        `histogram_quantile(0.99, sum by (service_name, cluster, class, le) (${rateOf('tenantry_pool_wait_seconds_bucket')}))`,
        '{{service_name}} {{cluster}} {{class}}',
      ],
    ]),
    graph('Connections closed for another login', 'ops', [
      [
        `sum by (service_name, cluster, class) (${rateOf('tenantry_pool_evictions_total')})`,
        '{{service_name}} {{cluster}} {{class}}',
      ],
    ]),
    graph('Isolation: findings', 'short', [
      [
        `max by (service_name, severity) (${of('tenantry_isolation_findings')})`,
        '{{service_name}} {{severity}}',
      ],
    ]),
    graph('Messages', 'ops', [
      [
        `sum by (service_name, group, outcome) (${rateOf('tenantry_consumer_events_total')})`,
        '{{service_name}} {{group}} {{outcome}}',
      ],
    ]),
    graph('Tenants with parked facts', 'short', [
      [`max by (service_name, group) (${of('tenantry_parked_tenants')})`, '{{service_name}} {{group}}'],
    ]),
    graph('Answers to send', 'short', [
      [`max by (service_name) (${of('tenantry_acknowledgements_pending')})`, '{{service_name}}'],
    ]),
  ],
});
