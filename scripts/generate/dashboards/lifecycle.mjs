import { NAMESPACE, dashboard, graph, stat } from './dashboard.mjs';

/** Of gauges that every worker tells alike. */
const told = (metric, by) => `max by (${by}) (${metric}{${NAMESPACE}})`;
const took = (q) =>
  `histogram_quantile(${q}, sum by (operation, le) (rate(tenantry_operation_duration_seconds_bucket{${NAMESPACE}}[$__rate_interval])))`;

/** Does what was asked of tenants come true, and who is in the way? */
export default dashboard({
  uid: 'tenantry-lifecycle',
  title: 'Tenantry / Lifecycle',
  description:
    'Operations on tenants: how many, how long, what they wait for; and whether the books are kept.',
  panels: [
    stat('Operations running', 'short', `sum(${told('tenantry_operations_running', 'operation')})`),
    stat('… past their deadline', 'short', `sum(${told('tenantry_operations_overdue', 'operation')})`, {
      warn: 1,
      bad: 10,
    }),
    stat('… failed for good', 'short', `sum(${told('tenantry_operations_failed', 'operation')})`, {
      warn: 1,
      bad: 10,
    }),
    stat('Purges overdue', 'short', `max(tenantry_purges_overdue{${NAMESPACE}})`, { bad: 1 }),
    stat(
      'Oldest unanswered request',
      's',
      `max(tenantry_task_oldest_unacknowledged_age_seconds{${NAMESPACE}})`,
      { warn: 300, bad: 900 },
    ),
    stat('Unsigned audit entry', 's', `max(tenantry_audit_checkpoint_age_seconds{${NAMESPACE}})`, {
      warn: 180,
      bad: 600,
    }),
    graph('Tenants', 'short', [[told('tenantry_tenants', 'state'), '{{state}}']], { stacked: true }),
    graph(
      'Operations running',
      'short',
      [[told('tenantry_operations_running', 'operation'), '{{operation}}']],
      {
        stacked: true,
      },
    ),
    graph('Operations that ended', 'ops', [
      [
        `sum by (operation, outcome) (rate(tenantry_operation_duration_seconds_count{${NAMESPACE}}[$__rate_interval]))`,
        '{{operation}} {{outcome}}',
      ],
    ]),
    graph('How long operations take', 's', [
      [took(0.5), '{{operation}} median'],
      [took(0.95), '{{operation}} 95 %'],
    ]),
    graph('What workers get done', 'ops', [
      [
        `sum(rate(tenantry_progress_total{${NAMESPACE}}[$__rate_interval]))`,
        'tasks settled and operations ended',
      ],
    ]),
    graph('Tasks waiting', 'short', [[told('tenantry_tasks_waiting', 'participant'), '{{participant}}']], {
      description: 'Requests that a participant has not answered yet.',
    }),
    graph('Oldest unanswered request', 's', [
      [told('tenantry_task_oldest_unacknowledged_age_seconds', 'participant'), '{{participant}}'],
    ]),
    graph('Last sign of life', 's', [
      [told('tenantry_participant_last_seen_age_seconds', 'participant'), '{{participant}}'],
    ]),
    graph('Answers', 'ops', [
      [
        `sum by (participant, outcome) (rate(tenantry_acknowledgements_total{${NAMESPACE}}[$__rate_interval]))`,
        '{{participant}} {{outcome}}',
      ],
    ]),
    graph('Places on clusters', 'short', [
      [told('tenantry_cluster_tenants', 'cluster, isolation'), '{{cluster}} {{isolation}}'],
    ]),
    graph('How full clusters are', 'percentunit', [
      [
        `${told('tenantry_cluster_tenants', 'cluster, isolation')} / (${told('tenantry_cluster_capacity', 'cluster, isolation')} < +Inf > 0)`,
        '{{cluster}} {{isolation}}',
      ],
    ]),
    graph('Audit log', 'short', [
      [`max(tenantry_audit_unsequenced_entries{${NAMESPACE}})`, 'entries without a position yet'],
    ]),
  ],
});
