import { NAMESPACE, dashboard, graph, stat, withService } from './dashboard.mjs';

/** Does what was decided get out, is it taken in, and do the answers come back? */
export default dashboard({
  uid: 'tenantry-event-bus',
  title: 'Tenantry / Event bus',
  description: 'The outbox and its relays, the consumers of services, and what is parked.',
  panels: [
    stat('Oldest message', 's', `max(tenantry_outbox_oldest_age_seconds{${NAMESPACE}})`, {
      warn: 60,
      bad: 300,
    }),
    stat('Messages waiting', 'short', `max(tenantry_outbox_pending{${NAMESPACE}})`, {
      warn: 1000,
      bad: 100_000,
    }),
    stat('Shards without a relay', 'short', `64 - sum(tenantry_relay_shards{${NAMESPACE}})`, { bad: 1 }),
    stat('Parked facts', 'short', `sum(max by (participant) (tenantry_parked_facts{${NAMESPACE}}))`, {
      warn: 1,
      bad: 10,
    }),
    stat('Answers waiting in services', 'short', `sum(tenantry_acknowledgements_pending{${NAMESPACE}})`, {
      warn: 1000,
    }),
    stat('Oldest of them', 's', `max(tenantry_acknowledgements_oldest_age_seconds{${NAMESPACE}})`, {
      warn: 60,
      bad: 300,
    }),
    graph('Outbox: messages waiting', 'short', [[`max(tenantry_outbox_pending{${NAMESPACE}})`, 'messages']]),
    graph('Outbox: oldest message', 's', [[`max(tenantry_outbox_oldest_age_seconds{${NAMESPACE}})`, 'age']]),
    graph('Sent', 'ops', [
      [`sum by (topic) (rate(tenantry_relay_messages_total{${NAMESPACE}}[$__rate_interval]))`, '{{topic}}'],
    ]),
    graph('Batches that could not be sent', 'ops', [
      [`sum(rate(tenantry_relay_failures_total{${NAMESPACE}}[$__rate_interval]))`, 'failures'],
    ]),
    graph('Shards by relay', 'short', [[`tenantry_relay_shards{${NAMESPACE}}`, '{{pod}} {{instance}}']], {
      stacked: true,
    }),
    graph('Shards that changed hands', 'ops', [
      [
        `sum by (reason) (rate(tenantry_relay_lease_moves_total{${NAMESPACE}}[$__rate_interval]))`,
        '{{reason}}',
      ],
    ]),
    graph('Consumers: what became of messages', 'ops', [
      [
        `sum by (service_name, group, outcome) (${withService(
          `rate(tenantry_consumer_events_total{${NAMESPACE}}[$__rate_interval])`,
          '.*',
        )})`,
        '{{service_name}} {{group}} {{outcome}}',
      ],
    ]),
    graph('Consumers: how long a message takes (99 %)', 's', [
      [
        `histogram_quantile(0.99, sum by (service_name, group, le) (${withService(
          `rate(tenantry_consumer_handling_seconds_bucket{${NAMESPACE}}[$__rate_interval])`,
          '.*',
        )}))`,
        '{{service_name}} {{group}}',
      ],
    ]),
    graph('Parked facts', 'short', [
      [`max by (participant) (tenantry_parked_facts{${NAMESPACE}})`, '{{participant}}'],
    ]),
    graph('Answers waiting in services', 'short', [
      [
        `max by (service_name) (${withService(`tenantry_acknowledgements_pending{${NAMESPACE}}`, '.*')})`,
        '{{service_name}}',
      ],
    ]),
    graph('Answers by participant', 'ops', [
      [
        `sum by (participant, outcome) (rate(tenantry_acknowledgements_total{${NAMESPACE}}[$__rate_interval]))`,
        '{{participant}} {{outcome}}',
      ],
    ]),
  ],
});
