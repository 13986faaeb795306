import type { DesiredState, OperationKind, TenantState } from '@tenantry/contracts';
import { publicState } from '../tenants/tenant.js';

/** What is known of a tenant when the epoch is raised. */
export interface RestoredTenant {
  readonly desired: DesiredState;
  readonly state: TenantState;
  readonly wasActive: boolean;
  readonly placed: boolean;
  readonly deletionScheduled: boolean;
}

/** The operation by which everyone is asked again, and the state until they have answered. */
export interface AskedAgain {
  readonly kind: OperationKind;
  readonly state: TenantState;
}

/**
 * What brings a tenant's services to what the restored database wants, whatever they have done since the backup; undefined for
 * one that was purged, of which nothing is left to ask for. A scheduled deletion stays what and whose it was: its tenant is suspended
 * once more, and its deadline stands.
 */
export function askAgain(tenant: RestoredTenant): AskedAgain | undefined {
  if (tenant.state === 'PURGED') return undefined;
  return { kind: kindOf(tenant), state: publicState({ ...tenant, everyone: false }) };
}

function kindOf({ desired, wasActive }: RestoredTenant): OperationKind {
  switch (desired) {
    case 'active':
      return wasActive ? 'reactivate' : 'provision';
    case 'suspended':
      return 'suspend';
    case 'purged':
      return 'purge';
  }
}
