import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { TimedClient } from '../timed-client.js';
import { assertFitToScan } from './scan-login.js';

/** A Postgres server, as the scan's own login reaches it: directly, since a pooler knows one database. */
export interface ScanTarget {
  /** As placements name it. */
  readonly cluster: string;
  /** Of any database on it that the login may connect to. */
  readonly url: string;
}

export interface SessionLimits {
  /** How long counting one table may take, in milliseconds. */
  readonly statementTimeoutMs: number;
  /** How long a table that somebody has locked is waited for, in milliseconds. */
  readonly lockTimeoutMs: number;
  /** How long transactions are waited for that have written and are not finished, in milliseconds for each database. */
  readonly writersTimeoutMs: number;
}

const CONNECT_TIMEOUT_MS = 5000;
/** How much longer this side waits for an answer than the server may work on it. */
const ANSWER_MARGIN_MS = 5000;
const KEEPALIVE_AFTER_MS = 10_000;

/**
 * Opens a session of its own on one database, in which nothing can be written, row security raises an error where it would
 * have hidden a row, and unqualified names are Postgres's own; closes it at the end, or when the signal is given.
 *
 * @throws UnfitScanLogin when the login does not see everything; the driver's error when the database cannot be reached.
 */
export async function withScanSession<T>(
  { cluster, url }: ScanTarget,
  limits: SessionLimits,
  signal: AbortSignal,
  work: (sql: SqlExecutor) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const client = new TimedClient({
    connectionString: url,
    application_name: 'tenantry-verifier',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: limits.statementTimeoutMs + ANSWER_MARGIN_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_AFTER_MS,
  });
  // A connection lost between two statements fails the next one; unheard, the event would end the process.
  client.on('error', () => undefined);
  const close = (): void => void client.end().catch(() => undefined);
  signal.addEventListener('abort', close, { once: true });
  try {
    await client.connect();
    const sql = pgExecutor(client);
    await sql.query(settings(limits));
    await assertFitToScan(sql, cluster);
    return await work(sql);
  } finally {
    signal.removeEventListener('abort', close);
    await client.end().catch(() => undefined);
  }
}

/**
 * Reading only is the login's own setting, and looked at. Bytes are compared by their hexadecimal digits. The last setting has
 * the server notice that nobody waits for a long count any more.
 */
function settings({ statementTimeoutMs, lockTimeoutMs }: SessionLimits): string {
  return `
SET default_transaction_isolation = 'read committed';
SET row_security = off;
SET search_path = pg_catalog, pg_temp;
SET bytea_output = 'hex';
SET statement_timeout = ${statementTimeoutMs};
SET lock_timeout = ${lockTimeoutMs};
SET client_connection_check_interval = '10s';`;
}
