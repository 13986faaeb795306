import type { SqlExecutor } from '@tenantry/database';
import { backoffMs, crashPoint, type Backoff } from '@tenantry/kernel';
import type { Pool } from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logger.js';
import { ConsumerMetrics, type ConsumerOutcome } from '../telemetry/consumer-metrics.js';
import { traceparentFor } from '../telemetry/tracing.js';
import type { LifecycleEnvelope } from '../transport.js';
import { applyFactTx, type FactAppliers } from './fact-appliers.js';
import { storeRequestTx } from './inbox.js';
import { announceParkedTx } from './parked-announcements.js';
import { hasParkedFactsTx, holdQueueTx, markPassedTx, parkFactTx } from './parked-facts.js';
import { advancePositionTx, lockPositionTx, type Position } from './position.js';
import { readLifecycleEvent, type LifecycleReading } from './read-lifecycle-event.js';
import { storeRecoveryTx, storeReloadTx } from './recoveries.js';
import { recordRejectedTx } from './rejected-events.js';
import { errorText, stackText, storableText } from './storable-text.js';
import { ConnectionLost, inTransaction } from './transaction.js';

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
  /** Called after something was asked for about parked facts, or a gap was met: wake the recovery worker. */
  readonly onRecovery?: () => void;
  /**
   * Whether a recovery worker loads a tenant from its state record when events of it were missed. Its facts wait in the queue until
   * then. Default: false, for a service that derives nothing from facts; then a gap is counted and that is all.
   */
  readonly reloads?: boolean;
  /** Called when events of a tenant were missed. */
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
type RecoveryRequest = Extract<LifecycleReading, { kind: 'recovery' }>;
type Unreadable = Extract<LifecycleReading, { kind: 'unreadable' }>;

const FACT_BACKOFF: Backoff = { baseMs: 50, maxMs: 1000 };

/**
 * Takes the lifecycle events of one group; `handle` and `onMalformed` fit `ParticipantTransport.consumeLifecycle`.
 * Every event moves its tenant's position, in the transaction of its effect, so that a redelivery is recognised.
 * `handle` rejects only when the database cannot be reached; an event itself can never make it reject.
 */
export class LifecycleConsumer {
  readonly counts: ConsumerCounts = { passed: 0, skipped: 0, gaps: 0, parked: 0, rejected: 0 };

  private readonly metrics: ConsumerMetrics;

  constructor(private readonly options: LifecycleConsumerOptions) {
    this.metrics = new ConsumerMetrics(options.group);
  }

  handle(event: LifecycleEnvelope): Promise<void> {
    return this.metrics.follow(() => this.take(event));
  }

  private async take(event: LifecycleEnvelope): Promise<ConsumerOutcome> {
    const reading = readLifecycleEvent(event);
    switch (reading.kind) {
      case 'fact':
        return this.takeFact(event, reading);
      case 'request':
        return this.takeRequest(event, reading);
      case 'recovery':
        return this.takeRecovery(event, reading);
      case 'unreadable':
        return this.reject(event, reading);
      case 'without-place':
        await inTransaction(this.options.pool, (sql) => this.recordTx(sql, event, reading.reason));
        this.noteRejection(event, reading.reason);
        return 'rejected';
    }
  }

  /** Records what the transport could not read as an envelope at all. */
  async onMalformed(reason: string, raw: string): Promise<void> {
    await inTransaction(this.options.pool, (sql) =>
      recordRejectedTx(sql, this.options.group, { reason, raw }),
    );
    this.counts.rejected += 1;
    this.metrics.countMalformed();
    this.options.logger.warn({ reason }, 'Recorded a malformed lifecycle event');
  }

  private async takeFact(event: LifecycleEnvelope, fact: Fact): Promise<ConsumerOutcome> {
    const { factAttempts = 5, logger } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        let applied = false;
        const passed = await this.pass(fact, async (sql, position) => {
          applied = await this.applyFactTx(sql, event, fact, position);
        });
        if (!passed) return 'duplicate';
        return applied ? 'done' : 'parked';
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

  /** @returns false when it waits behind a parked one. */
  private async applyFactTx(
    sql: SqlExecutor,
    event: LifecycleEnvelope,
    fact: Fact,
    position: Position,
  ): Promise<boolean> {
    const { group, facts } = this.options;
    const { tenantId, seq } = fact;
    if (await hasParkedFactsTx(sql, group, tenantId)) {
      await parkFactTx(sql, group, { tenantId, seq, event });
      return false;
    }
    // The state record that was loaded after a gap was ahead of the events.
    if (seq > position.reloaded) await applyFactTx(facts, event, fact, sql);
    return true;
  }

  private async park(
    event: LifecycleEnvelope,
    fact: Fact,
    attempts: number,
    error: unknown,
  ): Promise<ConsumerOutcome> {
    const { group, logger, onAcknowledgement } = this.options;
    const { tenantId, seq } = fact;
    const failure = { attempts, error: errorText(error), stack: stackText(error) };
    const parked = await this.pass(fact, async (sql) => {
      await parkFactTx(sql, group, { tenantId, seq, event, failure });
      await announceParkedTx(sql, this.options, { tenantId, seq, event }, failure);
    });
    if (!parked) return 'duplicate';
    this.counts.parked += 1;
    logger.error(
      { err: error, tenantId, eventId: event.id, attempts },
      'Parked a fact; the later facts of its tenant wait behind it',
    );
    onAcknowledgement?.();
    return 'parked';
  }

  private async takeRequest(event: LifecycleEnvelope, reading: Request): Promise<ConsumerOutcome> {
    const { participant, group, onRequest } = this.options;
    const { tenantId, seq, type, request } = reading;
    const addressed = request.participants.includes(participant);
    const traceparent = traceparentOf(event);
    let passed: boolean;
    try {
      passed = await this.pass(reading, async (sql) => {
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
    return passed ? 'done' : 'duplicate';
  }

  private async takeRecovery(event: LifecycleEnvelope, reading: RecoveryRequest): Promise<ConsumerOutcome> {
    const { participant, group, onRecovery, onAcknowledgement } = this.options;
    const { tenantId, seq, recovery } = reading;
    const { participants, group: of } = recovery.request;
    const addressed = participants.includes(participant) && of === group;
    const traceparent = traceparentOf(event);
    let answered = false;
    let passed: boolean;
    try {
      passed = await this.pass(reading, async (sql) => {
        const waiting = await hasParkedFactsTx(sql, group, tenantId);
        if (addressed)
          answered = await storeRecoveryTx(sql, this.options, {
            tenantId,
            seq,
            recovery,
            event,
            traceparent,
          });
        if (waiting) await markPassedTx(sql, group, { tenantId, seq, event });
      });
    } catch (error) {
      if (!isDataError(error)) throw error;
      return this.reject(event, { kind: 'unreadable', tenantId, seq, reason: errorText(error) });
    }
    if (addressed) onRecovery?.();
    if (answered) onAcknowledgement?.();
    return passed ? 'done' : 'duplicate';
  }

  private async reject(event: LifecycleEnvelope, reading: Unreadable): Promise<ConsumerOutcome> {
    const recorded = await this.pass(reading, (sql) => this.recordTx(sql, event, reading.reason));
    if (recorded) this.noteRejection(event, reading.reason);
    return recorded ? 'rejected' : 'duplicate';
  }

  /** Does `effectTx` and moves the position, unless the position shows that the event was dealt with before. */
  private async pass(
    place: { tenantId: string; seq: bigint },
    effectTx: (sql: SqlExecutor, position: Position) => Promise<void>,
  ): Promise<boolean> {
    const { pool, group, logger, reloads, onGap, onRecovery } = this.options;
    const { tenantId, seq } = place;
    const before = await inTransaction(pool, async (sql) => {
      const position = await lockPositionTx(sql, group, tenantId);
      if (seq > position.last) {
        if (reloads && isGap(position, seq)) await this.holdTx(sql, tenantId, seq);
        await effectTx(sql, position);
        await advancePositionTx(sql, group, tenantId, seq);
        crashPoint('consumer.before-commit');
      }
      return position;
    });
    crashPoint('consumer.after-commit');
    if (seq <= before.last) {
      this.counts.skipped += 1;
      return false;
    }
    this.counts.passed += 1;
    if (isGap(before, seq)) {
      const last = knownUpTo(before);
      this.counts.gaps += 1;
      logger.warn(
        { tenantId, last: last.toString(), next: seq.toString() },
        'Lifecycle events of a tenant were missed',
      );
      onGap?.(tenantId, { last, next: seq });
      if (reloads) onRecovery?.();
    }
    return true;
  }

  /** Makes the tenant's facts wait, the one that showed the gap included, until its state record was loaded. */
  private async holdTx(sql: SqlExecutor, tenantId: string, seq: bigint): Promise<void> {
    await storeReloadTx(sql, this.options.group, tenantId, seq);
    await holdQueueTx(sql, this.options.group, tenantId, seq - 1n);
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

/** What is done about it later goes on below the handling of it. */
function traceparentOf(event: LifecycleEnvelope): string | undefined {
  const traceparent = traceparentFor(event.traceparent);
  return traceparent === undefined ? undefined : storableText(traceparent, 200);
}

/** A tenant that the group has never seen may begin anywhere: its history may be gone, its state record is not. */
function isGap(position: Position, seq: bigint): boolean {
  const last = knownUpTo(position);
  return last > 0n && seq > last + 1n;
}

/** By events or by the state record, which may be ahead of them. */
function knownUpTo({ last, reloaded }: Position): bigint {
  return reloaded > last ? reloaded : last;
}

/** Postgres's class 22: the value itself is impossible, now and later. */
function isDataError(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('22')
  );
}
