import type { SqlExecutor } from '@tenantry/database';
import { countRows } from './count-rows.js';
import { BOOKKEEPING_SCHEMA, KEPT_BOOKKEEPING } from './kept-bookkeeping.js';
import type { DatabaseScan, TableRows } from './scan-result.js';
import { scannableTables, type ScannableTable } from './scannable-tables.js';
import { marked } from './tenant-mark.js';

export interface DatabaseScanOptions {
  readonly database: string;
  readonly mark: string;
  readonly tenantColumns: readonly string[];
  /** Called after each table; rejects when the scan is to end. */
  readonly onTable: () => Promise<void>;
}

/**
 * Looks at one database for everything of a tenant. Shares nothing with the purge on purpose: what one overlooks, the
 * other must not overlook for the same reason.
 */
export async function scanDatabase(
  sql: SqlExecutor,
  { database, mark, tenantColumns, onTable }: DatabaseScanOptions,
): Promise<DatabaseScan> {
  const schemas = await sql.query<{ name: string }>(
    `SELECT nspname::text AS name FROM pg_namespace WHERE ${marked('nspname')} ORDER BY 1`,
    [mark],
  );
  const tables: TableRows[] = [];
  const unscannable: DatabaseScan['unscannable'][number][] = [];
  const remains: Record<string, number> = {};
  let tablesScanned = 0;
  for (const found of await scannableTables(sql, mark, tenantColumns)) {
    const { schema, table } = found;
    const counted = await countRows(sql, found, mark);
    await onTable();
    if (!counted) continue;
    if ('reason' in counted) {
      unscannable.push({ schema, table, reason: counted.reason });
      continue;
    }
    tablesScanned += 1;
    if (isKept(found)) {
      if (counted.rows > 0) remains[`${schema}.${table}`] = counted.rows;
    } else if (counted.rows > 0 || found.named) {
      tables.push({ schema, table, rows: counted.rows });
    }
  }
  return { database, tablesScanned, schemas: schemas.map(({ name }) => name), tables, remains, unscannable };
}

function isKept({ schema, table }: ScannableTable): boolean {
  return schema === BOOKKEEPING_SCHEMA && KEPT_BOOKKEEPING.includes(table);
}
