import type { SqlExecutor } from '@tenantry/database';
import { GaugeGroup } from './telemetry/gauge-group.js';

/** What the outbox still holds. */
export interface PendingWork {
  /** How many pointers wait to be sent. */
  readonly pending: number;
  /** How long the oldest has waited, in milliseconds; 0 when none does. */
  readonly oldestMs: number;
}

export interface OutboxLagOptions {
  /** Of a login with `tenantry_control`. */
  readonly sql: SqlExecutor;
  /** For how long an answer is given again instead of asking anew, in milliseconds. Default 2 000. */
  readonly freshMs?: number;
}

/** How far the relays are behind what was committed. It counts what is pending, so it is asked for at most every two seconds. */
export class OutboxLag {
  private last: { readonly at: number; readonly work: Promise<PendingWork> } | undefined;

  constructor(private readonly options: OutboxLagOptions) {}

  async read(): Promise<PendingWork> {
    const { freshMs = 2_000 } = this.options;
    if (this.last && performance.now() - this.last.at < freshMs) return this.last.work;
    const last = { at: performance.now(), work: this.ask() };
    this.last = last;
    try {
      return await last.work;
    } catch (error) {
      if (this.last === last) this.last = undefined;
      throw error;
    }
  }

  /** Shows it as `tenantry_outbox_pending` and `tenantry_outbox_oldest_age_seconds`. @returns what ends that. */
  measure(): () => void {
    const gauges = new GaugeGroup({
      meter: '@tenantry/messaging',
      gauges: {
        tenantry_outbox_pending: { description: 'Pointers that wait to be sent.' },
        tenantry_outbox_oldest_age_seconds: {
          description: 'How long the oldest of them has waited.',
          unit: 's',
        },
      },
      read: async (observe) => {
        const { pending, oldestMs } = await this.read();
        observe('tenantry_outbox_pending', pending);
        observe('tenantry_outbox_oldest_age_seconds', oldestMs / 1000);
      },
      freshMs: 0,
    });
    gauges.start();
    return () => gauges.stop();
  }

  private async ask(): Promise<PendingWork> {
    const [row] = await this.options.sql.query<{ pending: string; oldest: number | null }>(
      `SELECT count(*) AS pending, (extract(epoch FROM now() - min(occurred_at)) * 1000)::float8 AS oldest
       FROM tenantry.outbox_pending`,
    );
    return { pending: Number(row?.pending ?? 0), oldestMs: Math.max(0, row?.oldest ?? 0) };
  }
}
