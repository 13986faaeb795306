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

/** What a scheduled deletion comes to, in words for whoever could still stop it. */
export function destructionOf({ purgeAfter, slug, holdPlacedAt, pausedAt }: Tenant): string | undefined {
  if (!purgeAfter || holdPlacedAt || pausedAt) return undefined;
  return `From ${purgeAfter.toISOString()} on, every participant destroys what it holds of "${slug}"; until then the deletion can be cancelled.`;
}

/** No deletion is scheduled any more: it was cancelled, or the purge has begun. */
export function clearDeletion(tenant: Tenant): void {
  tenant.desiredBeforeDeletion = null;
  tenant.deletionRequestedAt = null;
  tenant.purgeAfter = null;
}
