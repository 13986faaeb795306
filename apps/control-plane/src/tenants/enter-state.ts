import type { TenantState } from '@tenantry/contracts';
import type { Tenant } from './tenant.entity.js';

/** Notes the public state, and since when it is that. */
export function enterState(tenant: Tenant, state: TenantState, at: Date): void {
  if (tenant.state === state) return;
  tenant.state = state;
  tenant.stateSince = at;
}
