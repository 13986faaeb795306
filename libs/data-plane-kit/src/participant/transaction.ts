import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import type { ClientBase } from 'pg';
import { PROVISIONER_ROLE } from '../install/roles.js';
import { SQLSTATE, sqlStateOf } from '../sql-errors.js';
import { AlreadyPurged, RequestOvertaken, TenantHeld } from './request-errors.js';

/** How long a maintenance step waits for the tenant's lock or for a table, in milliseconds. */
const LOCK_TIMEOUT_MS = 5000;

/**
 * One transaction of the provisioner's role with a bounded wait for locks.
 *
 * @throws what the kit's functions refuse, as a request error: AlreadyPurged, RequestOvertaken, or TenantHeld for a lock
 * that was not had in time.
 */
export async function inTransaction<T>(
  client: ClientBase,
  lockTimeoutMs: number,
  work: (sql: SqlExecutor) => Promise<T>,
): Promise<T> {
  const sql = pgExecutor(client);
  await sql.query('BEGIN');
  try {
    await sql.query(`SET LOCAL ROLE ${PROVISIONER_ROLE}`);
    await sql.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
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
  { tenantId, generation }: { readonly tenantId: string; readonly generation: number },
  work: (sql: SqlExecutor) => Promise<T>,
): Promise<T> {
  return inTransaction(client, LOCK_TIMEOUT_MS, async (sql) => {
    await sql.query('SELECT tenantry.maintain($1, $2)', [tenantId, generation]);
    return work(sql);
  });
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
