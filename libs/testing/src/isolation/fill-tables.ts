import type { SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { escapeIdentifier } from 'pg';
import { qualifiedName, TENANT_COLUMN, type TableColumn, type TenantTable } from './tenant-table.js';

/** Values by type for columns that nothing else says anything about. */
const MADE_UP: Readonly<Record<string, () => unknown>> = {
  uuid: newId,
  text: () => `x${newId()}`,
  'character varying': () => `x${newId().slice(-8)}`,
  boolean: () => true,
  smallint: () => 1,
  integer: () => 1,
  bigint: () => 1,
  numeric: () => 1,
  real: () => 1,
  'double precision': () => 1,
  date: () => '2026-01-15',
  'timestamp with time zone': () => '2026-01-15T09:30:00Z',
  'timestamp without time zone': () => '2026-01-15T09:30:00',
  interval: () => '1 day',
  json: () => '{}',
  jsonb: () => '{}',
  bytea: () => Buffer.from('x'),
  inet: () => '192.0.2.1',
};

/**
 * Gives a tenant a row in every table that has none of it, by made-up values and the rows that its foreign keys refer to.
 *
 * @throws Error naming the table and the reason when that cannot be done; a `fill` of the caller's own has to then.
 */
export async function fillTables(
  sql: SqlExecutor,
  tables: readonly TenantTable[],
  tenantId: string,
): Promise<void> {
  for (const table of tables) {
    const held = await sql.query(`SELECT FROM ${qualifiedName(table)} WHERE ${TENANT_COLUMN} = $1 LIMIT 1`, [
      tenantId,
    ]);
    if (held.length === 0) await addRow(sql, table, tenantId);
  }
}

async function addRow(sql: SqlExecutor, table: TenantTable, tenantId: string): Promise<void> {
  const values = new Map<string, unknown>([[TENANT_COLUMN, tenantId]]);
  for (const key of table.foreignKeys) {
    const [row] = await sql.query<Record<string, unknown>>(
      `SELECT ${key.referred.map(escapeIdentifier).join(', ')} FROM ${escapeIdentifier(table.schema)}.${escapeIdentifier(key.table)}
       ${key.referred.includes(TENANT_COLUMN) ? `WHERE ${TENANT_COLUMN} = $1` : ''} LIMIT 1`,
      key.referred.includes(TENANT_COLUMN) ? [tenantId] : [],
    );
    key.columns.forEach((column, place) => values.set(column, row?.[key.referred[place] ?? '']));
  }
  for (const column of table.columns)
    if (column.required && !column.generated && !values.has(column.name))
      values.set(column.name, madeUp(table, column));
  const names = [...values.keys()];
  try {
    await sql.query(
      `INSERT INTO ${qualifiedName(table)} (${names.map(escapeIdentifier).join(', ')}) VALUES (${names.map((_, n) => `$${n + 1}`).join(', ')})`,
      [...values.values()],
    );
  } catch (cause) {
    throw new Error(
      `No row could be made up for ${table.table}; give the test kit a \`fill\` that makes one.`,
      { cause },
    );
  }
}

function madeUp({ table }: TenantTable, { name, type }: TableColumn): unknown {
  if (type.endsWith('[]')) return '{}';
  const make = MADE_UP[type.replace(/\(.*\)$/, '')];
  if (make) return make();
  throw new Error(
    `No value could be made up for ${table}.${name} of type ${type}; give the test kit a \`fill\` that makes a row.`,
  );
}
