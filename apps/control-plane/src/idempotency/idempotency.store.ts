import { newId } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LOCK_SECONDS, type IdempotencyClaim } from './idempotency-claim.js';
import { IdempotencyKeyInFlight, IdempotencyKeyReused } from './idempotency.errors.js';

/** How many outdated keys a new one sweeps out, so that the table shrinks faster than it grows. */
const SWEEP_LIMIT = 10;

const RETENTION = "interval '24 hours'";

interface KnownKey {
  readonly fingerprint: string;
  readonly completed: boolean;
  readonly result: unknown;
}

/** A request by its caller, its key and the hash of everything it asks for. */
export interface IdempotentRequest {
  readonly caller: string;
  readonly key: string;
  readonly fingerprint: string;
}

/**
 * Who works on which key. A claim commits by itself, before the command starts, so that a concurrent request sees it;
 * the result is written by the command's own transaction (see IdempotencyCompletion).
 */
@Injectable()
export class IdempotencyStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Claims the key, or finds what the request with this key came to. Waits where a command is just committing its result.
   * @throws IdempotencyKeyInFlight, IdempotencyKeyReused
   */
  async claim(request: IdempotentRequest): Promise<IdempotencyClaim> {
    const { caller, key } = request;
    const claim = newId();
    if (await this.take(request, claim)) return { caller, key, claim };
    const known = await this.find(caller, key);
    // Released between the two statements: its request failed, and whoever comes next does it.
    if (!known) throw new IdempotencyKeyInFlight();
    if (known.fingerprint !== request.fingerprint) throw new IdempotencyKeyReused();
    if (!known.completed) throw new IdempotencyKeyInFlight();
    return { caller, key, claim, replay: { result: known.result } };
  }

  /**
   * Gives up a claim, so that the same request may be tried anew; what a command has committed meanwhile stays. Should
   * that command's commit still be under way, the row's lock makes this wait for its outcome.
   */
  async release({ caller, key, claim }: IdempotencyClaim): Promise<void> {
    await this.dataSource.query(
      'DELETE FROM tenantry.idempotency_key WHERE caller = $1 AND key = $2 AND claim = $3 AND completed_at IS NULL',
      [caller, key, claim],
    );
  }

  /** Whether the key is ours now: it is new, outdated, or its claimant of the same request fell silent. */
  private async take({ caller, key, fingerprint }: IdempotentRequest, claim: string): Promise<boolean> {
    await this.sweep();
    const taken: unknown[] = await this.dataSource.query(
      `INSERT INTO tenantry.idempotency_key AS known (caller, key, fingerprint, claim, locked_until, created_at)
       VALUES ($1, $2, $3, $4, tenantry.now() + $5 * interval '1 second', tenantry.now())
       ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint, claim = excluded.claim,
         locked_until = excluded.locked_until, created_at = excluded.created_at, result = NULL, completed_at = NULL
       WHERE known.created_at <= excluded.created_at - ${RETENTION}
         OR (known.completed_at IS NULL AND known.locked_until <= excluded.created_at AND known.fingerprint = excluded.fingerprint)
       RETURNING claim`,
      [caller, key, fingerprint, claim, LOCK_SECONDS],
    );
    return taken.length > 0;
  }

  private async find(caller: string, key: string): Promise<KnownKey | undefined> {
    const rows: KnownKey[] = await this.dataSource.query(
      `SELECT fingerprint, completed_at IS NOT NULL AS completed, result
       FROM tenantry.idempotency_key WHERE caller = $1 AND key = $2`,
      [caller, key],
    );
    return rows[0];
  }

  private async sweep(): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM tenantry.idempotency_key WHERE (caller, key) IN (
         SELECT caller, key FROM tenantry.idempotency_key WHERE created_at <= tenantry.now() - ${RETENTION}
         ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)`,
      [SWEEP_LIMIT],
    );
  }
}
