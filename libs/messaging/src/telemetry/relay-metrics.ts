import { metrics } from '@opentelemetry/api';
import type { OutboundMessage } from '../transport.js';
import { GaugeGroup } from './gauge-group.js';

/** How shards come and go: taken from nobody or a dead relay, lost with the lease, handed over to others. */
export const LEASE_MOVES = ['taken', 'lost', 'handed_over'] as const;
export type LeaseMove = (typeof LEASE_MOVES)[number];

const METER = '@tenantry/messaging';

/** What a relay tells of itself. Counters begin at 0, so that the first failure is a rise and not the birth of a series. */
export class RelayMetrics {
  private readonly messages = metrics.getMeter(METER).createCounter('tenantry_relay_messages_total', {
    description: 'Messages that the broker has acknowledged, by channel.',
  });
  private readonly failures = metrics.getMeter(METER).createCounter('tenantry_relay_failures_total', {
    description: 'Batches that could not be sent, and are sent again.',
  });
  private readonly moves = metrics.getMeter(METER).createCounter('tenantry_relay_lease_moves_total', {
    description: 'Shards that came to this relay or left it, by how.',
  });
  private readonly gauges: GaugeGroup<'tenantry_relay_shards'>;

  /** @param shards how many this relay has now. */
  constructor(shards: () => number) {
    this.gauges = new GaugeGroup({
      meter: METER,
      gauges: {
        tenantry_relay_shards: { description: 'Shards that this relay sends; 64 over all relays.' },
      },
      read: (observe) => observe('tenantry_relay_shards', shards()),
      freshMs: 0,
    });
    for (const topic of ['lifecycle', 'state']) this.messages.add(0, { topic });
    for (const reason of LEASE_MOVES) this.moves.add(0, { reason });
    this.failures.add(0);
  }

  start(): void {
    this.gauges.start();
  }

  stop(): void {
    this.gauges.stop();
  }

  countSent(messages: readonly OutboundMessage[]): void {
    for (const [topic, sent] of Map.groupBy(messages, ({ channel }) => channel))
      this.messages.add(sent.length, { topic });
  }

  countFailure(): void {
    this.failures.add(1);
  }

  countMoves(reason: LeaseMove, shards: number): void {
    if (shards > 0) this.moves.add(shards, { reason });
  }
}
