import type { StateRecord } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { backoffMs, type Backoff } from '@tenantry/kernel';
import type { Pool } from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logger.js';
import { WorkLoop } from '../work-loop.js';
import { applyFactTx, type FactAppliers, type StateReload } from './fact-appliers.js';
import { announceParkedTx, announceUnparkedTx } from './parked-announcements.js';
import { headOfQueueTx, recordFailureTx, removeFromQueueTx, type QueuedFact } from './parked-facts.js';
import { lockPositionTx, setReloadedTx, type Position } from './position.js';
import { readLifecycleEvent } from './read-lifecycle-event.js';
import {
  beginRecoveryTx,
  claimRecoveries,
  countAppliedTx,
  finishRecoveryTx,
  postponeRecovery,
  type ClaimedRecovery,
} from './recoveries.js';
import { errorText, stackText } from './storable-text.js';
import { ConnectionLost, inTransaction } from './transaction.js';

export interface RecoveryWorkerOptions {
  /** Of the service's own database, with CONSUMER_SQL applied. */
  readonly pool: Pool;
  readonly participant: string;
  readonly group: string;
  /** The same as the lifecycle consumer's. */
  readonly facts: FactAppliers;
  /** What is done with a state record after a gap; with the consumer's `reloads`. */
  readonly reload?: StateReload;
  /** The newest known state record of a tenant; needed with `reload`. */
  readonly stateOf?: (tenantId: string) => StateRecord | undefined;
  readonly logger: Logger;
  /** How often a fact is tried, with short pauses, before it is parked again. Default 5. */
  readonly factAttempts?: number;
  /** How often to look without being woken. Default 500. */
  readonly pollMs?: number;
  /** Called after something was put into the acknowledgement outbox: wake the sender. */
  readonly onAcknowledgement?: () => void;
}

/** How many tenants are worked at once: each takes a connection that the consumer needs too. */
const CONCURRENCY = 2;
/** How long others leave a recovery alone; nothing but double work depends on it. */
const HOLD_MS = 30_000;
/** After this long with one tenant it is another's turn. */
const SLICE_MS = 5_000;
const FACT_BACKOFF: Backoff = { baseMs: 50, maxMs: 1000 };
const RETRY_BACKOFF: Backoff = { baseMs: 500, maxMs: 30_000 };
/** How soon a state record that is still on its way is looked for again. */
const RECORD_PAUSE_MS = 200;

/** How one step over a queue went. */
type Step = 'moved' | 'ended';

/**
 * Does what was asked for about parked facts, outside of the poll loop: redrives, skips and replays end with the queue empty or with
 * a fact that cannot be applied at its head; a reload makes good a gap. Each fact is applied, and leaves the queue, in one
 * transaction under the position's lock, so that any number of workers and the consumer itself take turns.
 */
export class RecoveryWorker {
  private readonly loop: WorkLoop;
  private stopping = false;

  constructor(private readonly options: RecoveryWorkerOptions) {
    const pollMs = options.pollMs ?? 500;
    this.loop = new WorkLoop({
      step: () => this.tick(),
      minPauseMs: pollMs,
      maxPauseMs: pollMs,
      onError: (err) => options.logger.warn({ err }, 'Recoveries could not be read; trying again'),
    });
  }

  start(): void {
    this.loop.start();
  }

  /** Looks for recoveries now. */
  wake(): void {
    this.loop.wake();
  }

  /** Ends after the fact that is being applied; another worker goes on. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.loop.stop();
  }

  private async tick(): Promise<boolean> {
    const { pool, group } = this.options;
    const claimed = await claimRecoveries(pgExecutor(pool), group, CONCURRENCY, HOLD_MS);
    await Promise.all(claimed.map((recovery) => this.work(recovery)));
    return claimed.length > 0;
  }

  private async work(recovery: ClaimedRecovery): Promise<void> {
    const { logger, onAcknowledgement } = this.options;
    const { tenantId, requestId, kind, claims } = recovery;
    try {
      const waitMs = await this.recover(recovery);
      if (waitMs !== undefined) await this.postpone(recovery, waitMs);
    } catch (err) {
      const waitMs = backoffMs(RETRY_BACKOFF, claims);
      logger.error({ err, tenantId, requestId, kind, waitMs }, 'A recovery is tried again later');
      await this.postpone(recovery, waitMs);
    }
    onAcknowledgement?.();
  }

  /** @returns after how long to go on, in milliseconds; undefined when it has ended. */
  private async recover(recovery: ClaimedRecovery): Promise<number | undefined> {
    if (recovery.kind === 'reload' && !(await this.reload(recovery))) return RECORD_PAUSE_MS;
    if ((recovery.kind === 'redrive' || recovery.kind === 'skip') && !(await this.begin(recovery)))
      return undefined;
    const sliceEndsAt = performance.now() + SLICE_MS;
    while (!this.stopping && performance.now() < sliceEndsAt)
      if ((await this.step(recovery)) === 'ended') return undefined;
    return 0;
  }

  /**
   * The first step of a redrive or a skip, once: it is about the fact at the head, and no other.
   *
   * @returns whether to go on with what waits there.
   */
  private begin(recovery: ClaimedRecovery): Promise<boolean> {
    const { group } = this.options;
    const { tenantId, requestId: operationId, kind, seq } = recovery;
    return this.locked(recovery, async (sql) => {
      if (!(await beginRecoveryTx(sql, group, recovery))) return true;
      const head = await headOfQueueTx(sql, group, tenantId);
      if (!head?.failed || head.seq !== seq) {
        const found = head?.failed
          ? `it is the one with sequence ${head.seq} now`
          : 'no fact is parked there';
        const refusal = `The fact with sequence ${seq} is not at the head of the queue: ${found}.`;
        await finishRecoveryTx(sql, this.options, recovery, 'failed', refusal);
        return false;
      }
      if (kind !== 'skip') return true;
      await removeFromQueueTx(sql, group, tenantId, seq);
      await announceUnparkedTx(sql, this.options, { ...head, tenantId, operationId }, 'skipped');
      return true;
    });
  }

  /** @returns false while the state record that the gap asks for is not known yet. */
  private async reload(recovery: ClaimedRecovery): Promise<boolean> {
    const { group, reload, stateOf, logger } = this.options;
    const { tenantId, seq } = recovery;
    const record = stateOf?.(tenantId);
    // The record is published before the events that it reflects, so one that has this event is there or on its way.
    if (!reload || !record || BigInt(record.tenantSeq) < seq) return false;
    await this.locked(recovery, async (sql) => {
      if (!(await beginRecoveryTx(sql, group, recovery))) return;
      await reload(record, sql);
      await setReloadedTx(sql, group, tenantId, BigInt(record.tenantSeq));
      logger.info(
        { tenantId, tenantSeq: record.tenantSeq },
        'Loaded a tenant from its state record after a gap',
      );
    });
    return true;
  }

  /** Applies the fact at the head of the queue, trying it a few times; parks it again when that does not help. */
  private async step(recovery: ClaimedRecovery): Promise<Step> {
    const { factAttempts = 5 } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      const tried: { head?: QueuedFact } = {};
      try {
        return await this.locked(recovery, (sql, position) => this.stepTx(sql, recovery, position, tried));
      } catch (error) {
        if (error instanceof ConnectionLost || !tried.head || this.stopping) throw error;
        if (attempt >= factAttempts) return this.parkAgain(recovery, tried.head, attempt, error);
        await delay(backoffMs(FACT_BACKOFF, attempt));
      }
    }
  }

  private async stepTx(
    sql: SqlExecutor,
    recovery: ClaimedRecovery,
    { reloaded }: Position,
    tried: { head?: QueuedFact },
  ): Promise<Step> {
    const { group, facts } = this.options;
    const { tenantId, requestId, kind } = recovery;
    const head = await headOfQueueTx(sql, group, tenantId);
    if (!head) {
      await finishRecoveryTx(sql, this.options, recovery, 'succeeded');
      return 'ended';
    }
    tried.head = head;
    const isKnown = kind === 'reload' && head.seq <= reloaded;
    if (!isKnown) {
      const reading = readLifecycleEvent(head.event);
      if (reading.kind !== 'fact')
        throw new Error('reason' in reading ? reading.reason : 'What is parked is no fact.');
      await applyFactTx(facts, head.event, reading, sql);
      await countAppliedTx(sql, group, recovery);
    }
    await removeFromQueueTx(sql, group, tenantId, head.seq);
    const operationId = kind === 'reload' ? undefined : requestId;
    if (head.failed)
      await announceUnparkedTx(sql, this.options, { ...head, tenantId, operationId }, 'applied');
    return 'moved';
  }

  private async parkAgain(
    recovery: ClaimedRecovery,
    { seq, event, attempts }: QueuedFact,
    tries: number,
    cause: unknown,
  ): Promise<Step> {
    const { group, logger } = this.options;
    const { tenantId, requestId, kind } = recovery;
    const failure = { attempts: attempts + tries, error: errorText(cause), stack: stackText(cause) };
    const operationId = kind === 'reload' ? undefined : requestId;
    const step = await this.locked(recovery, async (sql): Promise<Step> => {
      const head = await headOfQueueTx(sql, group, tenantId);
      // Somebody else was luckier meanwhile.
      if (head?.seq !== seq) return 'moved';
      await recordFailureTx(sql, group, tenantId, seq, failure);
      await announceParkedTx(sql, this.options, { tenantId, seq, event, operationId }, failure);
      await finishRecoveryTx(sql, this.options, recovery, 'failed', failure.error);
      return 'ended';
    });
    if (step === 'ended')
      logger.error(
        { err: cause, tenantId, eventId: event.id, attempts: failure.attempts, requestId },
        'Parked a fact again; the later facts of its tenant wait behind it',
      );
    return step;
  }

  /** A transaction under the position's lock, which the consumer takes too. */
  private locked<T>(
    { tenantId }: ClaimedRecovery,
    work: (sql: SqlExecutor, position: Position) => Promise<T>,
  ): Promise<T> {
    const { pool, group } = this.options;
    return inTransaction(pool, async (sql) => work(sql, await lockPositionTx(sql, group, tenantId)));
  }

  private async postpone(recovery: ClaimedRecovery, ms: number): Promise<void> {
    const { pool, group, logger } = this.options;
    const { tenantId, requestId } = recovery;
    await postponeRecovery(pgExecutor(pool), group, recovery, ms).catch((err: unknown) =>
      logger.warn({ err, tenantId, requestId }, 'A recovery could not be handed back; it is due again soon'),
    );
  }
}
