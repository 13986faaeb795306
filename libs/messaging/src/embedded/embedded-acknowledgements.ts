import { pgExecutor, PgListener, type SqlExecutor } from '@tenantry/database';
import { backoffMs, type Backoff } from '@tenantry/kernel';
import type { Pool } from 'pg';
import { BackgroundSubscription } from '../background-subscription.js';
import { InFlight } from '../in-flight.js';
import { Lease } from '../lease.js';
import type { Logger } from '../logger.js';
import { parseEnvelopeText } from '../parse-envelope.js';
import { PEER_PATIENCE_MS, settledWithin } from '../settled-within.js';
import type { ControlPlaneTransport } from '../transport.js';
import { WorkLoop } from '../work-loop.js';

export interface EmbeddedAcknowledgementsOptions {
  readonly pool: Pool;
  readonly logger: Logger;
  readonly handlers: Pick<
    Parameters<ControlPlaneTransport['consumeAcknowledgements']>[0],
    'handler' | 'onMalformed'
  >;
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly backoff: Backoff;
}

interface ClaimedAcknowledgement {
  readonly id: string;
  readonly participant: string;
  /** Text, so that it can be handed on as it is when it cannot be read. */
  readonly envelope: string;
  readonly attempts: number;
  readonly lease: string;
}

/** Hands each participant's messages to the control plane; of one subject, the next only when the one before was handled. */
export class EmbeddedAcknowledgements {
  readonly subscription = new BackgroundSubscription(() => this.end());
  private readonly sql: SqlExecutor;
  private readonly loop: WorkLoop;
  private readonly listener: PgListener;
  private readonly claimed = new Set<Promise<void>>();
  private readonly handling = new InFlight();

  constructor(private readonly options: EmbeddedAcknowledgementsOptions) {
    const { pool, logger, pollMs } = options;
    this.sql = pgExecutor(pool);
    this.loop = new WorkLoop({
      step: () => this.claim(),
      minPauseMs: Math.min(50, pollMs),
      maxPauseMs: pollMs,
      onError: (err) => logger.warn({ err }, 'acknowledgements cannot be read'),
    });
    this.listener = new PgListener({
      pool,
      channels: ['tenantry_acknowledgement'],
      onNotification: () => this.loop.wake(),
      onError: (err) => logger.warn({ err }, 'acknowledgements cannot be listened for'),
    });
  }

  start(): void {
    void this.listener.start();
    this.loop.start();
  }

  private async end(): Promise<void> {
    const left = Promise.all([this.listener.stop(), this.loop.stop()]).then(() => Promise.all(this.claimed));
    await this.handling.settled();
    await settledWithin([left], PEER_PATIENCE_MS);
  }

  private async claim(): Promise<boolean> {
    const free = this.options.concurrency - this.claimed.size;
    if (free <= 0) return false;
    const askedAt = performance.now();
    const claimed = await this.sql.query<ClaimedAcknowledgement>(
      `WITH due AS MATERIALIZED (
        SELECT a.id FROM tenantry.acknowledgement a
        WHERE a.due_at <= now() AND NOT EXISTS (
          SELECT FROM tenantry.acknowledgement earlier
          WHERE earlier.participant = a.participant AND earlier.subject = a.subject AND earlier.id < a.id)
        ORDER BY a.due_at, a.id LIMIT $1 FOR UPDATE OF a SKIP LOCKED
      )
      UPDATE tenantry.acknowledgement c
      SET due_at = now() + $2 * interval '1 millisecond', lease = nextval('tenantry.acknowledgement_lease')
      FROM due WHERE c.id = due.id RETURNING c.id, c.participant, c.envelope::text, c.attempts, c.lease`,
      [free, this.options.leaseMs],
    );
    for (const acknowledgement of claimed) {
      const handled: Promise<void> = this.handle(acknowledgement, askedAt).finally(() => {
        this.claimed.delete(handled);
        this.loop.wake();
      });
      this.claimed.add(handled);
    }
    return claimed.length > 0;
  }

  private async handle(claimed: ClaimedAcknowledgement, askedAt: number): Promise<void> {
    const { leaseMs, logger } = this.options;
    const { id, participant } = claimed;
    const lease = new Lease(leaseMs, askedAt, () => this.putOff(claimed, leaseMs, 0));
    try {
      if (this.subscription.signal.aborted) return void (await this.putOff(claimed, 0, 0));
      await this.dispatch(claimed);
      await this.sql.query('DELETE FROM tenantry.acknowledgement WHERE id = $1 AND lease = $2', [
        id,
        claimed.lease,
      ]);
    } catch (err) {
      const delayMs = backoffMs(this.options.backoff, claimed.attempts + 1);
      logger.warn(
        { err, participant, acknowledgement: id, delayMs },
        'acknowledgement is handled again later',
      );
      lease.end();
      await this.putOff(claimed, delayMs, 1).catch((cause: unknown) => {
        logger.warn({ err: cause, participant, acknowledgement: id }, 'acknowledgement cannot be put off');
      });
    } finally {
      lease.end();
    }
  }

  private async dispatch({ participant, envelope }: ClaimedAcknowledgement): Promise<void> {
    const { handler, onMalformed } = this.options.handlers;
    const parsed = parseEnvelopeText(envelope);
    await this.handling.run(() =>
      parsed.ok ? handler(participant, parsed.envelope) : onMalformed(participant, parsed.reason, envelope),
    );
  }

  private async putOff(
    { id, lease }: ClaimedAcknowledgement,
    delayMs: number,
    failures: number,
  ): Promise<boolean> {
    const rows = await this.sql.query(
      `UPDATE tenantry.acknowledgement SET due_at = now() + $3 * interval '1 millisecond', attempts = attempts + $4
      WHERE id = $1 AND lease = $2 RETURNING id`,
      [id, lease, delayMs, failures],
    );
    return rows.length > 0;
  }
}
