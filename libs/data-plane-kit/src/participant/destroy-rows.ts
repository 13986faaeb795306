import type { SqlExecutor } from '@tenantry/database';
import { SQLSTATE, sqlStateOf } from '../sql-errors.js';
import { footprintTables, type FootprintTable, qualified } from './footprint.js';

/**
 * Deletes the tenant's rows from every shared table. Tables that refer to each other must go in their order, which the
 * catalogue of foreign keys would give; instead, a table whose rows are still referred to waits for the next round.
 *
 * @param onTable called after each table with the share (0 to 1) of the tables that are done.
 * @throws the database's error when a round makes no progress.
 */
export async function destroyRows(
  sql: SqlExecutor,
  tenantId: string,
  onTable: (share: number) => Promise<void> = async () => {},
): Promise<void> {
  let left = (await footprintTables(sql, tenantId)).filter(({ own, writable }) => !own && writable);
  const all = left.length;
  let done = 0;
  while (left.length > 0) {
    const blocked: { table: FootprintTable; error: unknown }[] = [];
    for (const table of left) {
      const error = await deleted(sql, table, tenantId);
      if (error !== undefined) blocked.push({ table, error });
      else await onTable((done += 1) / all);
    }
    if (blocked.length === left.length) throw blocked[0]!.error;
    left = blocked.map(({ table }) => table);
  }
}

/** The foreign-key error that stopped the deletion, if one did; the rest of the transaction stays good. */
async function deleted(sql: SqlExecutor, table: FootprintTable, tenantId: string): Promise<unknown> {
  await sql.query('SAVEPOINT one_table');
  try {
    await sql.query(`DELETE FROM ${qualified(table)} WHERE lower(tenant_id::text) = lower($1)`, [tenantId]);
    await sql.query('RELEASE SAVEPOINT one_table');
    return undefined;
  } catch (error) {
    if (sqlStateOf(error) !== SQLSTATE.foreignKeyViolation) throw error;
    await sql.query('ROLLBACK TO SAVEPOINT one_table');
    return error;
  }
}
