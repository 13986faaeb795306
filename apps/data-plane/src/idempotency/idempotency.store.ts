import { Injectable } from '@nestjs/common';
import type { TenantTransaction } from '@tenantry/data-plane-kit';
import { IdempotencyKeyInFlight, IdempotencyKeyReused } from './idempotency.errors.js';

/** A request as its caller named it. */
export interface KeyedRequest {
  readonly caller: string;
  readonly key: string;
  /** Differs where method, path, query or body differ. */
  readonly fingerprint: string;
}

/** How a request was answered, apart from its status, which the route decides. */
export interface KeyedAnswer {
  readonly headers: Readonly<Record<string, string>>;
  /** Null when there is none. */
  readonly body: unknown;
}

/** How long a request waits for another one with its key, in milliseconds, before it is told to come again. */
const WAIT_MS = 500;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Keys of requests, in the tenant's own tables: key, effect and answer are committed together, so that there is never
 * an effect without its answer, and a refused request leaves its key free.
 */
@Injectable()
export class IdempotencyStore {
  /**
   * Takes the key for this transaction.
   * @returns the answer of the first request with this key, or `undefined` when this is the first.
   * @throws IdempotencyKeyReused. @throws IdempotencyKeyInFlight while the first one's transaction is open.
   */
  async claimTx(tx: TenantTransaction, request: KeyedRequest): Promise<KeyedAnswer | undefined> {
    await tx.query(`DELETE FROM idempotency_key WHERE created_at < now() - interval '24 hours'`);
    if (await this.insertTx(tx, request)) return undefined;
    const [first] = await tx.query<{ fingerprint: string; answer: KeyedAnswer }>(
      'SELECT fingerprint, answer FROM idempotency_key WHERE caller = $1 AND key = $2',
      [request.caller, request.key],
    );
    if (!first) throw new IdempotencyKeyInFlight();
    if (first.fingerprint !== request.fingerprint) throw new IdempotencyKeyReused();
    return first.answer;
  }

  /** Stores what the request came to, for the repetitions to come. */
  async answerTx(tx: TenantTransaction, { caller, key }: KeyedRequest, answer: KeyedAnswer): Promise<void> {
    await tx.query('UPDATE idempotency_key SET answer = $3::jsonb WHERE caller = $1 AND key = $2', [
      caller,
      key,
      JSON.stringify(answer),
    ]);
  }

  /** @returns whether the key was free. Waits for an open transaction that holds it. */
  private async insertTx(
    tx: TenantTransaction,
    { caller, key, fingerprint }: KeyedRequest,
  ): Promise<boolean> {
    await tx.query(`SET LOCAL lock_timeout = ${WAIT_MS}`);
    try {
      const rows = await tx.query(
        `INSERT INTO idempotency_key (tenant_id, caller, key, fingerprint) VALUES ($1, $2, $3, $4)
         ON CONFLICT ON CONSTRAINT idempotency_key_pk DO NOTHING RETURNING 1`,
        [tx.tenantId, caller, key, fingerprint],
      );
      await tx.query('SET LOCAL lock_timeout = DEFAULT');
      return rows.length > 0;
    } catch (error) {
      const timedOut = error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE;
      throw timedOut ? new IdempotencyKeyInFlight({ cause: error }) : error;
    }
  }
}
