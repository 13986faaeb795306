import { Injectable } from '@nestjs/common';
import type { SqlExecutor } from '@tenantry/database';
import type { DryRunNotes } from '../dry-run/dry-run-notes.js';

/** A claim on one tenant's wake-up: only the holder of `lease` may finish it, and only if nobody woke the tenant since `version`. */
export interface Claim {
  readonly tenantId: string;
  readonly version: string;
  readonly lease: string;
  readonly attempts: number;
}

interface HasSql {
  readonly sql: SqlExecutor;
  readonly dryRun?: DryRunNotes;
}

/**
 * The table `wake`: a due row with a lease and a fence, one for each tenant that has something to do. A wake-up
 * carries no reason; the reconciler reads everything. The earlier of two due times always wins.
 */
@Injectable()
export class WakeStore {
  /** Wakes a tenant in the waker's own transaction; `dueAt` defaults to now. */
  async wakeTx({ sql, dryRun }: HasSql, tenantId: string): Promise<void> {
    dryRun?.woken(tenantId);
    await sql.query(
      `INSERT INTO tenantry.wake (tenant_id, due_at) VALUES ($1, tenantry.now())
       ON CONFLICT (tenant_id) DO UPDATE SET due_at = least(wake.due_at, excluded.due_at), version = wake.version + 1`,
      [tenantId],
    );
  }

  /** Wakes several tenants in one statement; they become due one after the other, the last after `spreadMs`. */
  async wakeAllTx({ sql }: HasSql, tenantIds: readonly string[], spreadMs = 0): Promise<void> {
    // In the order of their ids: two that wake the same tenants must not wait for each other.
    await sql.query(
      `INSERT INTO tenantry.wake (tenant_id, due_at)
       SELECT one.id, tenantry.now() + one.place * $2 / cardinality($1::uuid[]) * interval '1 millisecond'
       FROM unnest($1::uuid[]) WITH ORDINALITY AS one (id, place) ORDER BY one.id
       ON CONFLICT (tenant_id) DO UPDATE SET due_at = least(wake.due_at, excluded.due_at), version = wake.version + 1`,
      [tenantIds, spreadMs],
    );
  }

  /** Wakes everything that is not settled and has no wake-up waiting; repairs what was lost by hand or by restore. */
  async sweep(sql: SqlExecutor): Promise<number> {
    const woken = await sql.query(
      `INSERT INTO tenantry.wake (tenant_id, due_at)
       SELECT t.id, tenantry.now() FROM tenantry.tenant t
       WHERE t.state NOT IN ('ACTIVE', 'SUSPENDED', 'PURGED')
         AND NOT EXISTS (SELECT 1 FROM tenantry.wake w WHERE w.tenant_id = t.id)
       ON CONFLICT (tenant_id) DO NOTHING RETURNING tenant_id`,
    );
    return woken.length;
  }

  /**
   * Claims up to `limit` due tenants for `leaseMs`. The predicate is written as the index is, with the STABLE clock:
   * `clock_timestamp()` would read the whole table.
   */
  async claim(sql: SqlExecutor, limit: number, leaseMs: number): Promise<Claim[]> {
    const rows = await sql.query<{ tenant_id: string; version: string; lease: string; attempts: number }>(
      `UPDATE tenantry.wake SET lease_until = tenantry.now() + $2 * interval '1 millisecond', lease = nextval('tenantry.wake_lease'),
         attempts = attempts + 1
       WHERE tenant_id IN (
         SELECT tenant_id FROM tenantry.wake WHERE greatest(due_at, lease_until) <= tenantry.now()
         ORDER BY greatest(due_at, lease_until) LIMIT $1 FOR UPDATE SKIP LOCKED)
       RETURNING tenant_id, version, lease, attempts`,
      [limit, leaseMs],
    );
    return rows.map((row) => ({
      tenantId: row.tenant_id,
      version: row.version,
      lease: row.lease,
      attempts: row.attempts,
    }));
  }

  /**
   * Ends a claim whose work found nothing to wait for. Two statements, in this order: as one, a due time that
   * arrives between its parts is lost.
   */
  async done(sql: SqlExecutor, claim: Claim): Promise<void> {
    const removed = await sql.query(
      'DELETE FROM tenantry.wake WHERE tenant_id = $1 AND lease = $2 AND version = $3 RETURNING tenant_id',
      [claim.tenantId, claim.lease, claim.version],
    );
    if (removed.length === 0) await this.releaseNow(sql, claim);
  }

  /** Ends a claim that waits for a time, unless the tenant was woken meanwhile: then it is due now. */
  async waitUntil(sql: SqlExecutor, claim: Claim, dueAt: Date): Promise<void> {
    const moved = await sql.query(
      `UPDATE tenantry.wake SET due_at = $4, lease_until = '-infinity', attempts = 0, last_error = NULL
       WHERE tenant_id = $1 AND lease = $2 AND version = $3 RETURNING tenant_id`,
      [claim.tenantId, claim.lease, claim.version, dueAt],
    );
    if (moved.length === 0) await this.releaseNow(sql, claim);
  }

  /** Ends a claim whose work failed: due again after the back-off, or now when the tenant was woken meanwhile. */
  async retryAfter(sql: SqlExecutor, claim: Claim, delayMs: number, error: string): Promise<void> {
    const moved = await sql.query(
      `UPDATE tenantry.wake SET due_at = tenantry.now() + $4 * interval '1 millisecond', lease_until = '-infinity', last_error = $5
       WHERE tenant_id = $1 AND lease = $2 AND version = $3 RETURNING tenant_id`,
      [claim.tenantId, claim.lease, claim.version, delayMs, error],
    );
    if (moved.length === 0) await this.releaseNow(sql, claim);
  }

  private async releaseNow(sql: SqlExecutor, claim: Claim): Promise<void> {
    await sql.query(
      `UPDATE tenantry.wake SET due_at = tenantry.now(), lease_until = '-infinity', attempts = 0, last_error = NULL
       WHERE tenant_id = $1 AND lease = $2`,
      [claim.tenantId, claim.lease],
    );
  }
}
