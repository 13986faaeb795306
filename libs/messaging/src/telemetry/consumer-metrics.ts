import { metrics } from '@opentelemetry/api';

/**
 * What became of an event that was delivered: dealt with; dealt with before; set aside, by itself or behind one that was; recorded as
 * unreadable; or not dealt with yet, so that it comes again.
 */
export const CONSUMER_OUTCOMES = ['done', 'duplicate', 'parked', 'rejected', 'failed'] as const;
export type ConsumerOutcome = (typeof CONSUMER_OUTCOMES)[number];

const METER = '@tenantry/messaging';
/** Seconds; an event costs a transaction, one that is parked some pauses too. */
const HANDLING_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What a consumer tells of the lifecycle events that it takes, by group. */
export class ConsumerMetrics {
  private readonly events = metrics.getMeter(METER).createCounter('tenantry_consumer_events_total', {
    description: 'Lifecycle events that were delivered, by what became of them.',
  });
  private readonly handling = metrics.getMeter(METER).createHistogram('tenantry_consumer_handling_seconds', {
    description: 'How long the handling of one lifecycle event took, pauses between tries included.',
    unit: 's',
    advice: { explicitBucketBoundaries: HANDLING_BUCKETS },
  });

  constructor(private readonly group: string) {
    for (const outcome of CONSUMER_OUTCOMES) this.events.add(0, { group, outcome });
  }

  /** Times `handle` and counts what it answers; what it throws as `failed`. */
  async follow(handle: () => Promise<ConsumerOutcome>): Promise<void> {
    const { group } = this;
    const startedAt = performance.now();
    let outcome: ConsumerOutcome = 'failed';
    try {
      outcome = await handle();
    } finally {
      this.events.add(1, { group, outcome });
      this.handling.record((performance.now() - startedAt) / 1000, { group });
    }
  }

  /** Counts one that is no event at all. */
  countMalformed(): void {
    this.events.add(1, { group: this.group, outcome: 'rejected' });
  }
}
