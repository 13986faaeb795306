import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import type { Pool, PoolClient } from 'pg';

/** There was no connection, or it died on the way: whether the transaction committed is unknown. Try again later. */
export class ConnectionLost extends Error {
  constructor(cause: unknown) {
    super('The connection to the service database was lost.', { cause });
    this.name = 'ConnectionLost';
  }
}

/**
 * Runs `work` in a transaction of its own and commits it.
 *
 * @throws ConnectionLost when the connection and not the work was at fault; otherwise what `work` threw.
 */
export async function inTransaction<T>(pool: Pool, work: (sql: SqlExecutor) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown): never => {
    throw new ConnectionLost(error);
  });
  // The pool listens for errors on idle clients only; unheard on a borrowed one, a dying connection would end the process.
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query('BEGIN');
    const result = await work(pgExecutor(client));
    await commit(client);
    return result;
  } catch (error) {
    // Behind a statement that was never answered a ROLLBACK would wait as long again.
    if (isUnanswered(error)) broken = error;
    else await client.query('ROLLBACK').catch(onError);
    throw broken ? new ConnectionLost(error) : error;
  } finally {
    client.removeListener('error', onError);
    client.release(broken);
  }
}

/** A transaction that swallowed a failed statement answers COMMIT with ROLLBACK, and nothing raises. */
async function commit(client: PoolClient): Promise<void> {
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT')
    throw new Error('The transaction was rolled back at COMMIT: a failed statement had been ignored.');
}

/** What the driver's `query_timeout` says; it has no code. The connection is still waiting for the answer. */
function isUnanswered(error: unknown): error is Error {
  return error instanceof Error && error.message === 'Query read timeout';
}
