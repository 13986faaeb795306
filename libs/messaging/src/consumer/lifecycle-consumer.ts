import type { Envelope, FactType, Payload } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import { backoffMs, crashPoint, type Backoff } from '@tenantry/kernel';
import type { Pool } from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logger.js';
import type { LifecycleEnvelope } from '../transport.js';
import { acknowledgementEnvelope, enqueueAcknowledgementTx } from './acknowledgement-outbox.js';
import { storeRequestTx } from './inbox.js';
import { hasParkedFactsTx, markPassedTx, parkFactTx } from './parked-facts.js';
import { advancePositionTx, lockPositionTx } from './position.js';
import { readLifecycleEvent, type LifecycleReading } from './read-lifecycle-event.js';
import { recordRejectedTx } from './rejected-events.js';
import { errorText, storableText } from './storable-text.js';
import { ConnectionLost, inTransaction } from './transaction.js';

/** Applies one fact through `sql`, whose transaction also holds the position: both happen or neither. */
export type FactApplier<T extends FactType> = (
  event: Envelope<T, Payload<T>>,
  sql: SqlExecutor,
) => Promise<void>;
export type FactAppliers = { readonly [T in FactType]?: FactApplier<T> };

export interface LifecycleConsumerOptions {
  /** Of the service's own database, with CONSUMER_SQL applied. */
  readonly pool: Pool;
  /** Requests addressed to this name go to the inbox. */
  readonly participant: string;
  /** Whose positions are kept. */
  readonly group: string;
  /** What is done about facts; a type that is missing is passed. */
  readonly facts: FactAppliers;
  readonly logger: Logger;
  /** How often a fact is tried, with short pauses, before it is parked. Default 5, which takes 0.75 s. */
  readonly factAttempts?: number;
  /** Called after a request was stored: wake the worker. */
  readonly onRequest?: () => void;
  /** Called after something was put into the acknowledgement outbox: wake the sender. */
  readonly onAcknowledgement?: () => void;
  /** Called when events of a tenant were missed, so that what is derived from them can be loaded from the state record. */
  readonly onGap?: (tenantId: string, gap: { readonly last: bigint; readonly next: bigint }) => void;
}

/** What this consumer has met since it was made. */
export interface ConsumerCounts {
  /** Events whose position moved, whatever was done about them. */
  passed: number;
  /** Delivered again, or behind the position. */
  skipped: number;
  gaps: number;
  parked: number;
  rejected: number;
}

type Fact = Extract<LifecycleReading, { kind: 'fact' }>;
type Request = Extract<LifecycleReading, { kind: 'request' }>;
type Unreadable = Extract<LifecycleReading, { kind: 'unreadable' }>;

const FACT_BACKOFF: Backoff = { baseMs: 50, maxMs: 1000 };

/**
 * Takes the lifecycle events of one group; `handle` and `onMalformed` fit `ParticipantTransport.consumeLifecycle`.
 * Every event moves its tenant's position, in the transaction of its effect, so that a redelivery is recognised.
 * `handle` rejects only when the database cannot be reached; an event itself can never make it reject.
 */
export class LifecycleConsumer {
  readonly counts: ConsumerCounts = { passed: 0, skipped: 0, gaps: 0, parked: 0, rejected: 0 };

  constructor(private readonly options: LifecycleConsumerOptions) {}

  async handle(event: LifecycleEnvelope): Promise<void> {
    const reading = readLifecycleEvent(event);
    switch (reading.kind) {
      case 'fact':
        return this.takeFact(event, reading);
      case 'request':
        return this.takeRequest(event, reading);
      case 'unreadable':
        return this.reject(event, reading);
      case 'without-place':
        await inTransaction(this.options.pool, (sql) => this.recordTx(sql, event, reading.reason));
        this.noteRejection(event, reading.reason);
    }
  }

  /** Records what the transport could not read as an envelope at all. */
  async onMalformed(reason: string, raw: string): Promise<void> {
    await inTransaction(this.options.pool, (sql) =>
      recordRejectedTx(sql, this.options.group, { reason, raw }),
    );
    this.counts.rejected += 1;
    this.options.logger.warn({ reason }, 'Recorded a malformed lifecycle event');
  }

  private async takeFact(event: LifecycleEnvelope, fact: Fact): Promise<void> {
    const { factAttempts = 5, logger } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.pass(fact, (sql) => this.applyFactTx(sql, event, fact));
        return;
      } catch (error) {
        if (error instanceof ConnectionLost) throw error;
        if (attempt >= factAttempts) return this.park(event, fact, attempt, error);
        logger.debug(
          { err: error, tenantId: fact.tenantId, eventId: event.id, attempt },
          'A fact could not be applied yet',
        );
        await delay(backoffMs(FACT_BACKOFF, attempt));
      }
    }
  }

  private async applyFactTx(
    sql: SqlExecutor,
    event: LifecycleEnvelope,
    { tenantId, seq, type, data }: Fact,
  ): Promise<void> {
    const { group, facts } = this.options;
    if (await hasParkedFactsTx(sql, group, tenantId)) return parkFactTx(sql, group, { tenantId, seq, event });
    // The reading has checked the data against this very type's schema; the type system cannot follow the lookup.
    const apply = facts[type] as FactApplier<FactType> | undefined;
    await apply?.({ ...event, type, data: data as Payload<FactType> }, sql);
  }

  private async park(event: LifecycleEnvelope, fact: Fact, attempts: number, error: unknown): Promise<void> {
    const { participant, group, logger, onAcknowledgement } = this.options;
    const { tenantId, seq } = fact;
    const failure = { attempts, error: errorText(error) };
    const announcement = acknowledgementEnvelope('participant.parked.v1', participant, tenantId, {
      participant,
      group,
      tenantSeq: seq.toString(),
      eventId: storableText(event.id, 200) || 'none',
      eventType: event.type,
      ...failure,
    });
    const parked = await this.pass(fact, async (sql) => {
      await parkFactTx(sql, group, { tenantId, seq, event, failure });
      await enqueueAcknowledgementTx(sql, announcement);
    });
    if (!parked) return;
    this.counts.parked += 1;
    logger.error(
      { err: error, tenantId, eventId: event.id, attempts },
      'Parked a fact; the later facts of its tenant wait behind it',
    );
    onAcknowledgement?.();
  }

  private async takeRequest(event: LifecycleEnvelope, reading: Request): Promise<void> {
    const { participant, group, onRequest } = this.options;
    const { tenantId, seq, type, request } = reading;
    const addressed = request.participants.includes(participant);
    const traceparent = event.traceparent === undefined ? undefined : storableText(event.traceparent, 200);
    try {
      await this.pass(reading, async (sql) => {
        if (addressed)
          await storeRequestTx(sql, {
            tenantId,
            type,
            request,
            ...(traceparent === undefined ? {} : { traceparent }),
          });
        if (await hasParkedFactsTx(sql, group, tenantId))
          await markPassedTx(sql, group, { tenantId, seq, event });
      });
    } catch (error) {
      if (!isDataError(error)) throw error;
      // The schema let through what a column cannot hold: without this, the event would come back for ever.
      return this.reject(event, { kind: 'unreadable', tenantId, seq, reason: errorText(error) });
    }
    if (addressed) onRequest?.();
  }

  private async reject(event: LifecycleEnvelope, reading: Unreadable): Promise<void> {
    const recorded = await this.pass(reading, (sql) => this.recordTx(sql, event, reading.reason));
    if (recorded) this.noteRejection(event, reading.reason);
  }

  /** Does `effectTx` and moves the position, unless the position shows that the event was dealt with before. */
  private async pass(
    place: { tenantId: string; seq: bigint },
    effectTx: (sql: SqlExecutor) => Promise<void>,
  ): Promise<boolean> {
    const { pool, group, logger, onGap } = this.options;
    const { tenantId, seq } = place;
    const last = await inTransaction(pool, async (sql) => {
      const position = await lockPositionTx(sql, group, tenantId);
      if (seq > position) {
        await effectTx(sql);
        await advancePositionTx(sql, group, tenantId, seq);
        crashPoint('consumer.before-commit');
      }
      return position;
    });
    crashPoint('consumer.after-commit');
    if (seq <= last) {
      this.counts.skipped += 1;
      return false;
    }
    this.counts.passed += 1;
    // A tenant that the group has never seen may begin anywhere: its history may be gone, its state record is not.
    if (last > 0n && seq > last + 1n) {
      this.counts.gaps += 1;
      logger.warn(
        { tenantId, last: last.toString(), next: seq.toString() },
        'Lifecycle events of a tenant were missed',
      );
      onGap?.(tenantId, { last, next: seq });
    }
    return true;
  }

  private async recordTx(sql: SqlExecutor, event: LifecycleEnvelope, reason: string): Promise<void> {
    const { id: eventId, subject, type } = event;
    await recordRejectedTx(sql, this.options.group, {
      eventId,
      subject,
      type,
      reason,
      raw: JSON.stringify(event),
    });
  }

  private noteRejection(event: LifecycleEnvelope, reason: string): void {
    this.counts.rejected += 1;
    this.options.logger.warn(
      { eventId: event.id, eventType: event.type, reason },
      'Rejected a lifecycle event',
    );
  }
}

/** Postgres's class 22: the value itself is impossible, now and later. */
function isDataError(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('22')
  );
}
