import { setTimeout as pause } from 'node:timers/promises';
import type { SqlExecutor } from '@tenantry/database';

const LOOK_EVERY_MS = 100;

/** Why a database in which somebody has not finished writing is not known. */
export const STILL_WRITING = 'a transaction that had written before the scan is not finished';

/**
 * Whoever has written in this database holds the lock on its own transaction id; pg_locks shows it from before the first row
 * until after the commit, while a snapshot's bounds leave out the newest transactions. A transaction whose database nobody
 * knows counts as one of this. Prepared ones have no process; they are read last, since a transaction becomes one before its
 * locks lose theirs.
 */
const WRITERS = `
SELECT l.transactionid::text AS xid
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted AND l.pid <> pg_backend_pid()
  AND (a.datid IS NULL OR a.datid = (SELECT oid FROM pg_database WHERE datname = current_database()))
UNION ALL
SELECT transaction::text FROM pg_prepared_xacts WHERE database = current_database()`;

const UNFINISHED = `
SELECT FROM pg_locks WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted AND transactionid::text = ANY ($1)
LIMIT 1`;

export interface WaitOptions {
  /** How long to wait, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called at each look; rejects when the scan is to end. */
  readonly onLook: () => Promise<void>;
}

/**
 * Waits until every transaction has ended that had written in this database and not committed when it was called: after that,
 * a count sees all that was written before.
 *
 * @returns whether they all have.
 */
export async function writersHaveEnded(
  sql: SqlExecutor,
  { timeoutMs, signal, onLook }: WaitOptions,
): Promise<boolean> {
  const writers = (await sql.query<{ xid: string }>(WRITERS)).map(({ xid }) => xid);
  const deadline = performance.now() + timeoutMs;
  while (writers.length > 0 && (await sql.query(UNFINISHED, [writers])).length > 0) {
    if (performance.now() >= deadline) return false;
    await pause(LOOK_EVERY_MS, undefined, { signal });
    await onLook();
  }
  return true;
}
