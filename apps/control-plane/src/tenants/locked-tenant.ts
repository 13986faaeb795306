import type { IfMatch } from '@tenantry/service';
import type { Tx } from '../database/unit-of-work.js';
import { isLegal, type LifecycleAction } from './tenant.js';
import type { Tenant } from './tenant.entity.js';
import { IllegalTransition, TenantNotFound } from './tenant.errors.js';
import type { TenantStore } from './tenant.store.js';

/**
 * Locks a tenant's row for a command and judges it by the state found there.
 *
 * @throws TenantNotFound, PreconditionFailed when the caller has read another version, IllegalTransition.
 */
export async function lockFor(
  tx: Tx,
  store: TenantStore,
  id: string,
  action: LifecycleAction,
  ifMatch?: IfMatch,
): Promise<Tenant> {
  const tenant = await store.lockTx(tx, id);
  if (!tenant) throw new TenantNotFound();
  ifMatch?.check(tenant.version);
  if (!isLegal(action, tenant.state)) throw new IllegalTransition(action, tenant.state);
  return tenant;
}
