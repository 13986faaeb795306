import type { SqlExecutor } from '@tenantry/database';

export interface Position {
  /** The last sequence of the tenant that the group has dealt with, 0 before the first. */
  readonly last: bigint;
  /** Facts up to here are in the state record that was loaded after a gap; 0 without one. */
  readonly reloaded: bigint;
}

/**
 * How far the group is with the tenant. Locks the row until the transaction
 * ends, so that two members that hold the same event (a rebalance, a zombie) take turns and the second finds it done.
 */
export async function lockPositionTx(sql: SqlExecutor, group: string, tenantId: string): Promise<Position> {
  const rows = await sql.query<{ last_seq: string; reloaded_seq: string }>(
    `INSERT INTO tenantry.consumer_position AS p (grp, tenant_id) VALUES ($1, $2)
     ON CONFLICT (grp, tenant_id) DO UPDATE SET last_seq = p.last_seq
     RETURNING last_seq, reloaded_seq`,
    [group, tenantId],
  );
  return { last: BigInt(rows[0]?.last_seq ?? 0), reloaded: BigInt(rows[0]?.reloaded_seq ?? 0) };
}

/** Moves the locked position forward. */
export async function advancePositionTx(
  sql: SqlExecutor,
  group: string,
  tenantId: string,
  seq: bigint,
): Promise<void> {
  await sql.query('UPDATE tenantry.consumer_position SET last_seq = $3 WHERE grp = $1 AND tenant_id = $2', [
    group,
    tenantId,
    seq.toString(),
  ]);
}

/** Notes that the tenant was loaded from a state record of this sequence. */
export async function setReloadedTx(
  sql: SqlExecutor,
  group: string,
  tenantId: string,
  seq: bigint,
): Promise<void> {
  await sql.query(
    'UPDATE tenantry.consumer_position SET reloaded_seq = $3 WHERE grp = $1 AND tenant_id = $2',
    [group, tenantId, seq.toString()],
  );
}
