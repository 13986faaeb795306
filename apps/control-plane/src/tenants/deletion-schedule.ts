import type { Tenant } from './tenant.entity.js';

/** Notes that the tenant is to be purged after a time, and what it goes back to when that is cancelled. */
export function scheduleDeletion(
  tenant: Tenant,
  before: Tenant['desired'],
  requestedAt: Date,
  purgeAfter: Date,
): void {
  tenant.desiredBeforeDeletion = before;
  tenant.deletionRequestedAt = requestedAt;
  tenant.purgeAfter = purgeAfter;
}

/** No deletion is scheduled any more: it was cancelled, or the purge has begun. */
export function clearDeletion(tenant: Tenant): void {
  tenant.desiredBeforeDeletion = null;
  tenant.deletionRequestedAt = null;
  tenant.purgeAfter = null;
}
