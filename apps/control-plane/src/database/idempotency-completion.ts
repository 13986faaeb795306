import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { LOCK_SECONDS, currentClaim } from '../idempotency/idempotency-claim.js';
import { IdempotencyKeyInFlight } from '../idempotency/idempotency.errors.js';
import { managerExecutor } from './manager-executor.js';

const STORE_RESULT = `UPDATE tenantry.idempotency_key
  SET result = CASE WHEN completed_at IS NULL THEN $4::jsonb ELSE result END, completed_at = coalesce(completed_at, tenantry.now())
  WHERE caller = $1 AND key = $2 AND claim = $3 RETURNING claim`;

const KEEP_CLAIM = `UPDATE tenantry.idempotency_key SET locked_until = tenantry.now() + $4 * interval '1 second'
  WHERE caller = $1 AND key = $2 AND claim = $3 AND completed_at IS NULL RETURNING claim`;

/**
 * Writes what an idempotent request came to in the transaction that does it: either both are there or neither is,
 * whatever happens to the process or to the connection.
 */
@Injectable()
export class IdempotencyCompletion {
  /**
   * Stores `result` under the current request's claim; the first transaction of a request wins, and its result has to
   * be JSON that may be shown again. A step of a longer work only keeps the claim. Without a claim nothing happens.
   * @throws IdempotencyKeyInFlight, which aborts the transaction, when another request has taken over.
   */
  async completeTx(manager: EntityManager, result: unknown): Promise<void> {
    const held = currentClaim();
    if (!held) return;
    if (held.replay)
      throw new Error('a replayed request must not write; run its command on IdempotentCommandBus');
    const [statement, value] = held.inSteps
      ? [KEEP_CLAIM, LOCK_SECONDS]
      : [STORE_RESULT, JSON.stringify(result ?? null)];
    const { caller, key, claim } = held;
    const kept = await managerExecutor(manager).query(statement, [caller, key, claim, value]);
    if (kept.length === 0) throw new IdempotencyKeyInFlight();
  }
}
