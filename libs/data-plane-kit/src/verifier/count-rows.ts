import type { SqlExecutor } from '@tenantry/database';
import { DatabaseError, escapeIdentifier } from 'pg';
import { presentName, type ScannableTable } from './scannable-tables.js';
import { marked } from './tenant-mark.js';

/** How many rows of the tenant a table has, or why nobody can say; nothing when the table is gone. */
export type Count = { readonly rows: number } | { readonly reason: string } | undefined;

/** How often a table is followed to another name before it is given up. */
const RENAMES = 3;

/**
 * Counts a table's own rows of the tenant. Each count is a statement of its own, in READ COMMITTED: its snapshot is taken
 * behind the lock on the table, while an older one would see a table that was rewritten meanwhile as empty.
 *
 * @throws only when the session is lost; what the server refuses becomes the reason.
 */
export async function countRows(sql: SqlExecutor, table: ScannableTable, mark: string): Promise<Count> {
  if (table.foreign_session) return { reason: 'a temporary table of another session' };
  let { schema, table: name } = table;
  for (let renames = 0; ; renames += 1) {
    try {
      return { rows: await count(sql, { ...table, schema, table: name }, mark) };
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.severity === 'FATAL' || error.severity === 'PANIC')
        throw error;
      const now = await presentName(sql, table.oid);
      if (!now) return undefined;
      if ((now.schema === schema && now.table === name) || renames === RENAMES)
        return { reason: reasonOf(error) };
      ({ schema, table: name } = now);
    }
  }
}

async function count(sql: SqlExecutor, table: ScannableTable, mark: string): Promise<number> {
  const from = `SELECT count(*) AS n FROM ONLY ${escapeIdentifier(table.schema)}.${escapeIdentifier(table.table)}`;
  const [row] = table.named
    ? await sql.query<{ n: string }>(from)
    : await sql.query<{ n: string }>(`${from} WHERE ${table.columns.map(condition).join(' OR ')}`, [mark]);
  return Number(row!.n);
}

/** The parameter is the mark; its cast is Postgres's reading of 32 hex digits as a uuid. */
function condition({ name, uuid }: ScannableTable['columns'][number]): string {
  const column = escapeIdentifier(name);
  return uuid ? `${column} = $1::text::uuid` : marked(column);
}

/** Never the server's own message, which may quote a row. */
function reasonOf({ code }: DatabaseError): string {
  switch (code) {
    case '42501':
      return 'it may not be read, or row security would hide rows';
    case '57014':
      return 'counting took too long';
    case '55P03':
      return 'somebody keeps it locked';
    default:
      return `counting failed with SQLSTATE ${code ?? 'unknown'}`;
  }
}
