import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { type ClientBase, escapeLiteral } from 'pg';
import { PROVISIONER_ROLE } from '../install/roles.js';
import { SQLSTATE, sqlStateOf } from '../sql-errors.js';
import { AlreadyPurged, RequestOvertaken, TenantHeld } from './request-errors.js';

/** How long a maintenance step waits for the tenant's lock or for a table, in milliseconds. */
const LOCK_TIMEOUT_MS = 5000;

/**
 * One transaction of the provisioner's role with a bounded wait for locks.
 *
 * @param opening statements without parameters that come first and give nothing back; they go along with BEGIN, since every message
 * more is a wait more.
 * @throws what the kit's functions refuse, as a request error: AlreadyPurged, RequestOvertaken, or TenantHeld for a lock
 * that was not had in time.
 */
export async function inTransaction<T>(
  client: ClientBase,
  lockTimeoutMs: number,
  work: (sql: SqlExecutor) => Promise<T>,
  opening: readonly string[] = [],
): Promise<T> {
  const sql = pgExecutor(client);
  try {
    await sql.query(
      [
        'BEGIN',
        `SET LOCAL ROLE ${PROVISIONER_ROLE}`,
        `SET LOCAL lock_timeout = ${lockTimeoutMs}`,
        ...opening,
      ].join('; '),
    );
    const result = await work(sql);
    await sql.query('COMMIT');
    return result;
  } catch (error) {
    // Fails only when the connection is gone, and with it the transaction.
    await sql.query('ROLLBACK').catch(() => undefined);
    throw asRequestError(error);
  }
}

/**
 * One step on a tenant's data while its fence keeps everybody else out. Opening it reads the tombstone and the fence
 * again, so a worker that was overtaken, or paused over a purge, stops here and changes nothing.
 */
export function maintainTx<T>(
  client: ClientBase,
  item: Maintained,
  work: (sql: SqlExecutor) => Promise<T>,
): Promise<T> {
  return inTransaction(client, LOCK_TIMEOUT_MS, work, [maintainSql(item)]);
}

/**
 * As `maintainTx`, for a step that a later one stands behind: its commit does not wait for the disk. Should the server crash, the step
 * can be lost with all that came after it, but never alone, and the retry does it again.
 */
export function intermediateTx<T>(
  client: ClientBase,
  item: Maintained,
  work: (sql: SqlExecutor) => Promise<T>,
): Promise<T> {
  return inTransaction(client, LOCK_TIMEOUT_MS, work, [
    'SET LOCAL synchronous_commit = off',
    maintainSql(item),
  ]);
}

interface Maintained {
  readonly tenantId: string;
  readonly generation: number;
}

function maintainSql({ tenantId, generation }: Maintained): string {
  return `SELECT tenantry.maintain(${escapeLiteral(tenantId)}, ${escapeLiteral(String(generation))})`;
}

function asRequestError(error: unknown): unknown {
  switch (sqlStateOf(error)) {
    case SQLSTATE.purged:
      return new AlreadyPurged({ cause: error });
    case SQLSTATE.stale:
      return new RequestOvertaken({ cause: error });
    case SQLSTATE.lockNotAvailable:
      return new TenantHeld('A lock was not had in time.', { cause: error });
    default:
      return error;
  }
}
