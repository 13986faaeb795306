import type { Capability } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';

/**
 * Has every tenant that there is looked at for this participant, from the first one on, at a bounded rate: it came later than they, or can
 * do more than it could. In the transaction that makes it so, since every tenant committed later meets it anyway.
 */
export async function startBacklogTx(sql: SqlExecutor, name: string): Promise<void> {
  await sql.query(
    `UPDATE tenantry.participant SET backfill_started_at = tenantry.now(), backfill_ended_at = NULL, backfill_cursor = NULL,
       backfill_until = NULL, backfill_total = NULL, backfill_passed = 0 WHERE name = $1`,
    [name],
  );
}

/** How many tenants a backlog that begins now has. */
export async function countBacklog(sql: SqlExecutor): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM tenantry.tenant WHERE desired <> 'purged'",
  );
  return row?.count ?? 0;
}

/** Gives up the rest of the backlog: it is asked for nothing any more. */
export async function endBacklogTx(sql: SqlExecutor, name: string): Promise<void> {
  await sql.query('DELETE FROM tenantry.backlog_tenant WHERE participant = $1', [name]);
  await sql.query(
    `UPDATE tenantry.participant SET backfill_ended_at = tenantry.now()
     WHERE name = $1 AND backfill_started_at IS NOT NULL AND backfill_ended_at IS NULL`,
    [name],
  );
}

/**
 * Has every tenant looked at that waits, or waited, for this participant's answer, at a bounded rate. After a changed declaration also
 * those that it failed for good, since their conditions tell of it; its next sign of life changes nothing about them.
 */
export async function recallTx(
  sql: SqlExecutor,
  name: string,
  why: 'changed' | 'heard' = 'changed',
): Promise<void> {
  await sql.query(
    `UPDATE tenantry.participant SET recall_due_at = tenantry.now(), recall_cursor = NULL,
       recall_failed = $2 OR (recall_failed AND recall_due_at IS NOT NULL) WHERE name = $1`,
    [name, why === 'changed'],
  );
}

/** Whoever only verifies is met when there is something to verify, and has no backlog. */
export function hasBacklog(capabilities: readonly Capability[]): boolean {
  return capabilities.some((capability) => capability !== 'verify');
}

/** How many tenants of each one's backlog are woken and not answered for; who has none is missing. */
export async function backlogInHand(
  sql: SqlExecutor,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await sql.query<{ name: string; count: number }>(
    `SELECT participant AS name, count(*)::int AS count FROM tenantry.backlog_tenant
     WHERE participant = ANY ($1::text[]) GROUP BY participant`,
    [names],
  );
  return new Map(rows.map(({ name, count }) => [name, count]));
}
