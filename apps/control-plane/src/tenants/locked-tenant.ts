import type { IfMatch } from '@tenantry/service';
import type { Tx } from '../database/unit-of-work.js';
import { isLegal, type LifecycleAction } from './tenant.js';
import type { Tenant } from './tenant.entity.js';
import { IllegalTransition, TenantNotFound } from './tenant.errors.js';
import type { TenantStore } from './tenant.store.js';

/** Locks a tenant's row for a command. @throws TenantNotFound, PreconditionFailed when the caller has read another version. */
export async function lockTenant(tx: Tx, store: TenantStore, id: string, ifMatch?: IfMatch): Promise<Tenant> {
  const tenant = await store.lockTx(tx, id);
  if (!tenant) throw new TenantNotFound();
  ifMatch?.check(tenant.version, { state: tenant.state });
  return tenant;
}

/** As {@link lockTenant}, for a command that is legal in some states only. @throws IllegalTransition */
export async function lockFor(
  tx: Tx,
  store: TenantStore,
  id: string,
  action: LifecycleAction,
  ifMatch?: IfMatch,
): Promise<Tenant> {
  const tenant = await lockTenant(tx, store, id, ifMatch);
  if (!isLegal(action, tenant.state)) throw new IllegalTransition(action, tenant.state);
  return tenant;
}
