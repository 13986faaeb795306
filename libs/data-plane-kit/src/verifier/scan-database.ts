import type { SqlExecutor } from '@tenantry/database';
import { countRows } from './count-rows.js';
import { keptTables, TOMBSTONE } from './kept-bookkeeping.js';
import { namedObjects } from './named-objects.js';
import { STILL_WRITING, writersHaveEnded } from './open-writers.js';
import type { DatabaseScan, TableRows } from './scan-result.js';
import { scannableTables } from './scannable-tables.js';
import { marked } from './tenant-mark.js';

export interface DatabaseScanOptions {
  readonly database: string;
  readonly mark: string;
  /** Of the purge. */
  readonly generation: number;
  readonly tenantColumns: readonly string[];
  /** How long transactions are waited for that have written and are not finished, in milliseconds. */
  readonly writersTimeoutMs: number;
  readonly signal: AbortSignal;
  /** Called after each piece of work; rejects when the scan is to end. */
  readonly onStep: () => Promise<void>;
}

/**
 * Looks at one database for everything of a tenant. Shares nothing with the purge on purpose: what one overlooks, the
 * other must not overlook for the same reason.
 */
export async function scanDatabase(sql: SqlExecutor, options: DatabaseScanOptions): Promise<DatabaseScan> {
  const { database, mark, generation, tenantColumns, writersTimeoutMs, signal, onStep } = options;
  const settled = await writersHaveEnded(sql, { timeoutMs: writersTimeoutMs, signal, onLook: onStep });
  const schemas = await sql.query<{ name: string }>(
    `SELECT nspname::text AS name FROM pg_namespace WHERE ${marked('nspname')} ORDER BY 1`,
    [mark],
  );
  const objects = await namedObjects(sql, mark);
  const kept = await keptTables(sql);
  const buried = kept.has(TOMBSTONE) && (await isBuried(sql, mark, generation));
  const tables: TableRows[] = [];
  const unscannable: DatabaseScan['unscannable'][number][] = [];
  const remains: Record<string, number> = {};
  let tablesScanned = 0;
  for (const found of await scannableTables(sql, mark, tenantColumns)) {
    const { schema, table } = found;
    const name = `${schema}.${table}`;
    const counted = await countRows(sql, found, mark);
    await onStep();
    if (!counted) continue;
    if ('reason' in counted) {
      unscannable.push({ schema, table, reason: counted.reason });
      continue;
    }
    tablesScanned += 1;
    if (kept.has(name)) {
      if (counted.rows > 0) remains[name] = counted.rows;
    } else if (counted.rows > 0 || found.named) {
      tables.push({ schema, table, rows: counted.rows });
    }
  }
  if (!settled) unscannable.push({ reason: STILL_WRITING });
  return {
    database,
    tablesScanned,
    schemas: schemas.map(({ name }) => name),
    objects,
    tables,
    remains,
    buried,
    unscannable,
  };
}

async function isBuried(sql: SqlExecutor, mark: string, generation: number): Promise<boolean> {
  const tombstones = await sql.query(
    `SELECT FROM ${TOMBSTONE} WHERE tenant_id = $1::text::uuid AND generation >= $2`,
    [mark, generation],
  );
  return tombstones.length > 0;
}
