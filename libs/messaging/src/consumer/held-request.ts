import { SpanKind } from '@opentelemetry/api';
import type { Acknowledgement } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { backoffMs, crashPoint, type Backoff } from '@tenantry/kernel';
import type { Pool } from 'pg';
import type { Logger } from '../logger.js';
import { inSpan, markActiveFailed, traceparentFor, type Traced } from '../telemetry/tracing.js';
import {
  acknowledgementEnvelope,
  enqueueAcknowledgementTx,
  UnsendableAcknowledgement,
} from './acknowledgement-outbox.js';
import {
  lockRequestTx,
  releaseRequest,
  removeRequestTx,
  versionsOf,
  type Claim,
  type ClaimedRequest,
} from './inbox.js';
import { errorText } from './storable-text.js';
import { findAnswer, saveAnswerTx } from './stored-answers.js';
import { inTransaction } from './transaction.js';
import {
  WorkAbandoned,
  type AbandonReason,
  type RequestHandler,
  type WorkControl,
  type WorkItem,
} from './work-item.js';

export interface HeldRequestOptions {
  readonly pool: Pool;
  readonly participant: string;
  readonly handler: RequestHandler;
  readonly logger: Logger;
  readonly onAcknowledgement?: () => void;
  /**
   * Whether a request that has been answered is answered from what is stored when it is asked again. Default: true. False for work whose
   * result ages, such as a scan: it is worked anew, and answers for the attempt that it began with.
   */
  readonly repeatsAnswers?: boolean;
}

type Outcome = Pick<Acknowledgement, 'outcome' | 'retryable' | 'progress' | 'evidence' | 'error'>;

/** How long a request waits after the database, not the handler, failed; doubled by every claim. */
const HAND_BACK_BACKOFF: Backoff = { baseMs: 500, maxMs: 30_000 };

/**
 * One request in a worker's hands, from its claim to its answer. The answer, its acknowledgement and the removal from the
 * inbox are one transaction, and only while the lease and the version are the claimed ones.
 */
export class HeldRequest {
  readonly claim: Claim;
  /** Resolves, never rejects, when the handler has ended and the request is answered or handed back. */
  readonly done: Promise<void>;
  private readonly item: WorkItem;
  private readonly aborting = new AbortController();
  private expiry: NodeJS.Timeout | undefined;

  /** @param leaseEndsAt on the clock of `performance.now()`; not later than the database's idea of it. */
  constructor(
    private readonly request: ClaimedRequest,
    private readonly options: HeldRequestOptions,
    leaseEndsAt: number,
    onDone: () => void,
  ) {
    this.claim = request.claim;
    this.item = request.item;
    this.expireAt(leaseEndsAt);
    this.done = this.work().finally(() => {
      this.forget();
      onDone();
    });
  }

  /** Takes note of the row's present version, undefined when the lease is no longer ours. */
  observe(version: string | undefined, leaseEndsAt?: number): void {
    if (version === undefined) this.abandon('lease-lost');
    else if (version !== this.claim.version) this.abandon('superseded');
    // A superseded request is held on to as well: the newer one must not start beside a handler that has not ended.
    if (version !== undefined && leaseEndsAt !== undefined) this.expireAt(leaseEndsAt);
  }

  abandon(reason: AbandonReason): void {
    if (!this.aborting.signal.aborted) this.aborting.abort(new WorkAbandoned(reason));
  }

  /** Stops watching the lease; the handler, if it still runs, is left to itself. */
  forget(): void {
    clearTimeout(this.expiry);
  }

  /** Without a renewal the lease ends, even when the database is too far away to say so. */
  private expireAt(leaseEndsAt: number): void {
    clearTimeout(this.expiry);
    this.expiry = setTimeout(() => this.abandon('lease-lost'), leaseEndsAt - performance.now());
  }

  private async work(): Promise<void> {
    try {
      await inSpan(this.traced(), () => this.answer());
    } catch (error) {
      this.options.logger.warn(
        { err: error, ...this.fields() },
        'A request could not be answered; it will be worked again',
      );
      await this.handBack(backoffMs(HAND_BACK_BACKOFF, this.request.claims));
    }
  }

  private async answer(): Promise<void> {
    const { item } = this;
    const stored = await findAnswer(this.sql, item.tenantId);
    if (stored && stored.generation > item.generation) return this.dropStale();
    if (
      this.repeatsAnswers &&
      stored?.operationId === item.operationId &&
      stored.generation === item.generation
    )
      return this.succeed(stored.evidence);

    let evidence: Record<string, unknown>;
    try {
      const result = await this.options.handler(item, this.control());
      evidence = JSON.parse(JSON.stringify(result.evidence)) as Record<string, unknown>;
    } catch (error) {
      if (this.aborting.signal.aborted || error instanceof WorkAbandoned) return this.handBack(0);
      return this.fail(error);
    }
    crashPoint('participant.after-effect');
    try {
      await this.succeed(evidence);
    } catch (error) {
      if (!(error instanceof UnsendableAcknowledgement)) throw error;
      await this.fail(error);
    }
  }

  private async succeed(evidence: Record<string, unknown>): Promise<void> {
    await this.finish({ outcome: 'succeeded', evidence }, (sql, attempt) =>
      saveAnswerTx(sql, this.item, attempt, evidence),
    );
  }

  private async fail(error: unknown): Promise<void> {
    markActiveFailed(error);
    this.options.logger.warn({ err: error, ...this.fields() }, 'A request failed');
    const failure: Outcome = { outcome: 'failed', retryable: isRetryable(error), error: errorText(error) };
    const evidence = evidenceOf(error);
    try {
      await this.finish(evidence === undefined ? failure : { ...failure, evidence });
    } catch (unsendable) {
      if (!(unsendable instanceof UnsendableAcknowledgement) || evidence === undefined) throw unsendable;
      // The failure must be heard of, its evidence need not.
      await this.finish(failure);
    }
  }

  private async finish(
    outcome: Outcome,
    alsoTx?: (sql: SqlExecutor, attempt: number) => Promise<void>,
  ): Promise<void> {
    const { pool, logger, onAcknowledgement } = this.options;
    const answered = await inTransaction(pool, async (sql) => {
      const highest = await lockRequestTx(sql, this.claim);
      if (highest === undefined) return undefined;
      const attempt = this.repeatsAnswers ? highest : this.item.attempt;
      const again = attempt < highest;
      if (!again) await removeRequestTx(sql, this.claim);
      await alsoTx?.(sql, attempt);
      await this.enqueueTx(sql, attempt, outcome);
      return { attempt, again };
    });
    if (answered === undefined) return this.handBack(0);
    const { attempt, again } = answered;
    // Somebody asked once more while it was worked: what was found does not answer that.
    if (again) await this.handBack(0);
    crashPoint('participant.after-answer');
    logger.info({ ...this.fields(), attempt, outcome: outcome.outcome }, 'Answered a request');
    onAcknowledgement?.();
  }

  private async enqueueTx(sql: SqlExecutor, attempt: number, outcome: Outcome): Promise<void> {
    const { operationId, generation, tenantId } = this.item;
    const { participant } = this.options;
    const traceparent = traceparentFor(this.item.traceparent);
    const data = { operationId, generation, attempt, participant, ...outcome };
    const context = { generation, ...(traceparent === undefined ? {} : { traceparent }) };
    await enqueueAcknowledgementTx(
      sql,
      acknowledgementEnvelope('participant.acknowledged.v1', participant, tenantId, data, context),
    );
  }

  /** A newer operation has succeeded here already; nobody waits for this one's answer. */
  private async dropStale(): Promise<void> {
    const removed = await inTransaction(this.options.pool, (sql) => removeRequestTx(sql, this.claim));
    if (removed === undefined) return this.handBack(0);
    this.options.logger.warn(this.fields(), 'Dropped a request older than the last answer');
  }

  private async handBack(delayMs: number): Promise<void> {
    this.options.logger.info(
      { ...this.fields(), reason: reasonOf(this.aborting.signal) },
      'Handed a request back',
    );
    await releaseRequest(this.sql, this.claim, delayMs).catch((error: unknown) => {
      this.options.logger.warn(
        { err: error, ...this.fields() },
        'A request could not be handed back; its lease will end',
      );
    });
  }

  private get repeatsAnswers(): boolean {
    return this.options.repeatsAnswers ?? true;
  }

  private control(): WorkControl {
    return {
      signal: this.aborting.signal,
      assertCurrent: () => this.assertCurrent(),
      progress: (percent) => this.progress(percent),
    };
  }

  private async assertCurrent(): Promise<void> {
    this.aborting.signal.throwIfAborted();
    const versions = await versionsOf(this.sql, [this.claim]);
    this.observe(versions.get(this.claim.tenantId));
    this.aborting.signal.throwIfAborted();
  }

  private async progress(percent: number): Promise<void> {
    const told = await inTransaction(this.options.pool, async (sql) => {
      const attempt = await lockRequestTx(sql, this.claim);
      if (attempt === undefined) return false;
      await this.enqueueTx(sql, attempt, { outcome: 'in_progress', progress: percent });
      return true;
    });
    if (!told) return this.assertCurrent();
    this.options.onAcknowledgement?.();
  }

  private traced(): Traced {
    const { tenantId, operationId, generation, type, attempt, traceparent } = this.item;
    return {
      name: `work ${type}`,
      kind: SpanKind.INTERNAL,
      parent: traceparent,
      attributes: {
        'tenantry.participant': this.options.participant,
        'tenantry.tenant.id': tenantId,
        'tenantry.operation.id': operationId,
        'tenantry.generation': generation,
        'tenantry.attempt': attempt,
      },
    };
  }

  private get sql(): SqlExecutor {
    return pgExecutor(this.options.pool);
  }

  private fields(): object {
    const { tenantId, operationId, generation, type } = this.item;
    return { tenantId, operationId, generation, type };
  }
}

function isRetryable(error: unknown): boolean {
  return !(typeof error === 'object' && error !== null && 'retryable' in error && error.retryable === false);
}

/** What an error brings to show for itself; undefined when it brings nothing that can be written down. */
function evidenceOf(error: unknown): Record<string, unknown> | undefined {
  if (!(error instanceof Error) || !('evidence' in error)) return undefined;
  const { evidence } = error;
  if (typeof evidence !== 'object' || evidence === null || Array.isArray(evidence)) return undefined;
  try {
    return JSON.parse(JSON.stringify(evidence)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof WorkAbandoned ? signal.reason.reason : 'not-current';
}
