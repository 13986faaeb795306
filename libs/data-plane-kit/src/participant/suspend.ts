import type { WorkResult } from '@tenantry/messaging';
import type { RequestContext } from './request-context.js';
import { inTransaction } from './transaction.js';

/** How long taking the login away waits for a lock, in milliseconds. */
const LOCK_TIMEOUT_MS = 5000;

/**
 * Freezes the tenant's fence, creating it where nothing is provisioned yet. When it returns, every transaction that was
 * in has ended and none can enter; the login of a tenant with a database of its own is closed, and its sessions are ended. It
 * needs no worker's lock: raising the fence is what stops an older worker.
 */
export async function suspend(context: RequestContext): Promise<WorkResult> {
  const { fence, client, item, stepDone } = context;
  await fence.freeze();
  await stepDone('fence');
  const endedInside = await suspendDatabase(context);
  const { rowCount } = await client.query('SELECT FROM tenantry.provisioned WHERE tenant_id = $1', [
    item.tenantId,
  ]);
  const sessionsEnded = fence.terminated + endedInside;
  return { evidence: { access: 'frozen', provisioned: rowCount === 1, sessionsEnded } };
}

/** The same inside the tenant's own database, if there is one. @returns how many sessions were ended. */
export async function suspendDatabase({
  client,
  database,
  innerFence,
  stepDone,
}: Pick<RequestContext, 'client' | 'database' | 'innerFence' | 'stepDone'>): Promise<number> {
  const found = await database.find();
  if (!found?.open) return 0;
  const inner = await innerFence();
  await inner.freeze();
  await database.leave();
  await inTransaction(client, { lockTimeoutMs: LOCK_TIMEOUT_MS }, (tx) => database.closeLoginTx(tx));
  const ended = await database.endSessions();
  await stepDone('login');
  return inner.terminated + ended;
}
