import { setTimeout as pause } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { TenantHeld } from './request-errors.js';

/** Long enough for a worker that was overtaken, which stops at its next step. */
const WAIT_MS = 15_000;
const POLL_MS = 50;

/** Who wants to be the one worker of a tenant, on which connection, and until when. */
export interface TenantWork {
  readonly client: PoolClient;
  readonly service: { readonly name: string };
  readonly item: { readonly tenantId: string };
  readonly control: { readonly signal: AbortSignal };
}

/** A connection for one request; it is given back only when it is in order, and closed otherwise. */
export async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // Unheard, the loss of a connection between two statements would end the process.
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  try {
    return await work(client);
  } finally {
    client.off('error', onError);
    client.release(broken ?? client.getTransactionStatus() !== 'I');
  }
}

/**
 * Runs `work` as the only worker of this tenant in this service. The lock belongs to the session, and `work` uses that
 * same connection for every step: when the connection is lost, the lock and the ability to go on are lost together.
 *
 * @param waitMs how long to wait for another worker of the tenant, in milliseconds. Default: 15 000.
 * @throws TenantHeld, retryable, when another worker keeps it.
 */
export async function withTenantLock<T>(
  { client, service, item, control }: TenantWork,
  work: () => Promise<T>,
  waitMs = WAIT_MS,
): Promise<T> {
  const key = `${service.name}:${item.tenantId}`;
  const deadline = performance.now() + waitMs;
  while (!(await lockQuery(client, 'pg_try_advisory_lock', key))) {
    if (performance.now() >= deadline) throw new TenantHeld('Another worker of this service has the tenant.');
    control.signal.throwIfAborted();
    await pause(POLL_MS);
  }
  try {
    return await work();
  } finally {
    // Fails only with the connection, whose end lets go of the lock too; the outcome of the work is what counts.
    await lockQuery(client, 'pg_advisory_unlock', key).catch(() => false);
  }
}

async function lockQuery(
  client: PoolClient,
  call: 'pg_try_advisory_lock' | 'pg_advisory_unlock',
  key: string,
): Promise<boolean> {
  const { rows } = await client.query<{ done: boolean }>(`SELECT ${call}(hashtextextended($1, 8)) AS done`, [
    key,
  ]);
  return rows[0]!.done;
}
