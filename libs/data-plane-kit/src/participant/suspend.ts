import type { WorkResult } from '@tenantry/messaging';
import type { RequestContext } from './request-context.js';

/**
 * Freezes the tenant's fence, creating it where nothing is provisioned yet. When it returns, every transaction that was
 * in has ended and none can enter. It needs no worker's lock: raising the fence is what stops an older worker.
 */
export async function suspend({ fence, client, item, stepDone }: RequestContext): Promise<WorkResult> {
  await fence.freeze();
  await stepDone('fence');
  const { rowCount } = await client.query('SELECT FROM tenantry.provisioned WHERE tenant_id = $1', [
    item.tenantId,
  ]);
  return { evidence: { access: 'frozen', provisioned: rowCount === 1, sessionsEnded: fence.terminated } };
}
