import { metrics, type ObservableGauge, type ObservableResult } from '@opentelemetry/api';
import type { ConnectionGroup } from './connection-group.js';

/** Seconds; a free connection is had at once, and nobody waits for longer than a few. */
const WAIT_BUCKETS = [0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What a process tells of the connections by which it serves, by cluster and class of logins. */
export class PoolMetrics {
  private readonly meter = metrics.getMeter('@tenantry/data-plane-kit');
  private readonly waits = this.meter.createHistogram('tenantry_pool_wait_seconds', {
    description: 'How long requests waited for a connection, the time to open one included.',
    unit: 's',
    advice: { explicitBucketBoundaries: WAIT_BUCKETS },
  });
  private readonly timeouts = this.meter.createCounter('tenantry_pool_timeouts_total', {
    description: 'Requests for which no connection became free in time.',
  });
  private readonly evictions = this.meter.createCounter('tenantry_pool_evictions_total', {
    description: 'Idle connections that were closed for the sake of another login or cluster.',
  });
  private readonly observed: readonly [ObservableGauge, (result: ObservableResult) => void][];

  constructor(groups: () => Iterable<ConnectionGroup>, waitingFor: (group: ConnectionGroup) => number) {
    this.observed = [
      [
        this.meter.createObservableGauge('tenantry_pool_connections', {
          description: 'Open connections, by whether they are in use.',
          unit: '{connection}',
        }),
        (result) => {
          for (const group of groups()) {
            result.observe(group.idleCount, { ...labelsOf(group), state: 'idle' });
            result.observe(group.open - group.idleCount, { ...labelsOf(group), state: 'used' });
          }
        },
      ],
      [
        this.meter.createObservableGauge('tenantry_pool_waiting', {
          description: 'Requests that wait for a connection.',
          unit: '{request}',
        }),
        (result) => {
          for (const group of groups()) result.observe(waitingFor(group), labelsOf(group));
        },
      ],
    ];
    for (const [gauge, observe] of this.observed) gauge.addCallback(observe);
  }

  noteWait(group: ConnectionGroup, ms: number): void {
    this.waits.record(ms / 1000, labelsOf(group));
  }

  /** Lets the counters of a group begin at 0: of one that begins at 1 nobody sees that it rose. */
  begin(group: ConnectionGroup): void {
    this.timeouts.add(0, labelsOf(group));
    this.evictions.add(0, labelsOf(group));
  }

  countTimeout(group: ConnectionGroup): void {
    this.timeouts.add(1, labelsOf(group));
  }

  countEviction(group: ConnectionGroup): void {
    this.evictions.add(1, labelsOf(group));
  }

  stop(): void {
    for (const [gauge, observe] of this.observed) gauge.removeCallback(observe);
  }
}

function labelsOf({ cluster, loginClass }: ConnectionGroup): { cluster: string; class: string } {
  return { cluster, class: loginClass };
}
