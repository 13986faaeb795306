import { metrics } from '@opentelemetry/api';
import { GaugeGroup } from '@tenantry/messaging';
import { Pool, type PoolClient, type PoolConfig } from 'pg';

/** Who uses the connections: requests and reconciling, or relay and transport. */
export type PoolClass = 'service' | 'bus';

/** Seconds; a free connection is had at once. */
const WAIT_BUCKETS = [0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const METER = '@tenantry/control-plane';
/** What `pg` says when no connection became free, or none could be opened, in time; it has no code. */
const TIMED_OUT = /timeout exceeded when trying to connect|connection timeout/;

type Connected = (
  error: Error | undefined,
  client: PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

/** A pool that tells how it is used and waited for, under the names that the data plane's pools have. */
export class MeasuredPool extends Pool {
  private readonly labels: { readonly cluster: string; readonly class: PoolClass };
  private readonly waits = metrics.getMeter(METER).createHistogram('tenantry_pool_wait_seconds', {
    description: 'How long work waited for a connection, the time to open one included.',
    unit: 's',
    advice: { explicitBucketBoundaries: WAIT_BUCKETS },
  });
  private readonly timeouts = metrics.getMeter(METER).createCounter('tenantry_pool_timeouts_total', {
    description: 'Work for which no connection became free in time.',
  });
  private readonly gauges: GaugeGroup<'tenantry_pool_connections' | 'tenantry_pool_waiting'>;

  constructor(poolClass: PoolClass, config?: PoolConfig) {
    super(config);
    const labels = { cluster: 'control-plane', class: poolClass };
    this.labels = labels;
    this.timeouts.add(0, labels);
    this.gauges = new GaugeGroup({
      meter: METER,
      gauges: {
        tenantry_pool_connections: {
          description: 'Open connections, by whether they are in use.',
          unit: '{connection}',
        },
        tenantry_pool_waiting: { description: 'Work that waits for a connection.', unit: '{request}' },
      },
      read: (observe) => {
        observe('tenantry_pool_connections', this.idleCount, { ...labels, state: 'idle' });
        observe('tenantry_pool_connections', this.totalCount - this.idleCount, { ...labels, state: 'used' });
        observe('tenantry_pool_waiting', this.waitingCount, labels);
      },
      freshMs: 0,
    });
    this.gauges.start();
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<PoolClient> | void {
    const askedAt = performance.now();
    if (!callback) {
      const connecting = super.connect();
      connecting.then(
        () => this.note(askedAt, undefined),
        (error: unknown) => this.note(askedAt, error),
      );
      return connecting;
    }
    super.connect((error, client, done) => {
      this.note(askedAt, error);
      callback(error, client, done);
    });
  }

  override end(): Promise<void>;
  override end(callback: () => void): void;
  override end(callback?: () => void): Promise<void> | void {
    this.gauges.stop();
    return callback ? super.end(callback) : super.end();
  }

  private note(askedAt: number, error: unknown): void {
    if (!error) this.waits.record((performance.now() - askedAt) / 1000, this.labels);
    else if (error instanceof Error && TIMED_OUT.test(error.message)) this.timeouts.add(1, this.labels);
  }
}
