import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { currentClaim } from '../idempotency/idempotency-claim.js';
import { IdempotencyKeyInFlight } from '../idempotency/idempotency.errors.js';
import { managerExecutor } from './manager-executor.js';

/**
 * Writes what an idempotent request came to in the transaction that does it: either both are there or neither is,
 * whatever happens to the process or to the connection.
 */
@Injectable()
export class IdempotencyCompletion {
  /**
   * Stores `result` under the current request's claim; the first transaction of a request wins, and its result has to
   * be JSON that may be shown again. Without a claim nothing happens.
   * @throws IdempotencyKeyInFlight, which aborts the transaction, when another request has taken over.
   */
  async completeTx(manager: EntityManager, result: unknown): Promise<void> {
    const held = currentClaim();
    if (!held) return;
    if (held.replay)
      throw new Error('a replayed request must not write; run its command on IdempotentCommandBus');
    const kept = await managerExecutor(manager).query(
      `UPDATE tenantry.idempotency_key
       SET result = CASE WHEN completed_at IS NULL THEN $4::jsonb ELSE result END, completed_at = coalesce(completed_at, tenantry.now())
       WHERE caller = $1 AND key = $2 AND claim = $3 RETURNING claim`,
      [held.caller, held.key, held.claim, JSON.stringify(result ?? null)],
    );
    if (kept.length === 0) throw new IdempotencyKeyInFlight();
  }
}
