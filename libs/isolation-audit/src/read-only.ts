import { type PgQueryable, pgExecutor, type SqlExecutor } from '@tenantry/database';
import { Client } from 'pg';

const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 300_000;

/** Whatever a login has set for itself, names mean the catalogue's, and nothing can be written. */
const BEGIN = `
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL jit = off;
SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS};`;

/** A connection of its own, in a transaction that sees one moment and cannot write; rolled back at the end. */
export async function readOnly<T>(url: string, work: (sql: SqlExecutor) => Promise<T>): Promise<T> {
  return connectedTo(url, (client) => inReadOnly(client, work));
}

/** The same on a connection that there is, and that is in no transaction. */
export async function inReadOnly<T>(client: PgQueryable, work: (sql: SqlExecutor) => Promise<T>): Promise<T> {
  await client.query(BEGIN);
  try {
    return await work(pgExecutor(client));
  } finally {
    await client.query('ROLLBACK');
  }
}

/** A connection for the time of `work`. */
export async function connectedTo<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    application_name: 'tenantry-audit',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // A connection lost between two statements fails the next one; unheard, the event would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
