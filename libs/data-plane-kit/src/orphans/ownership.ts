import type { Home } from './tenant-situation.js';
import type { TenantObject } from './tenant-objects.js';

/** A role or a database that another service's database holds, and that nothing here refers to. */
export function isAnothers({ type, heldElsewhere, usedHere }: TenantObject): boolean {
  return type !== 'schema' && heldElsewhere && !usedHere;
}

/** Whether the marker names somebody else. A schema may have come here with a copy of its database, a role or a tenant's database may not. */
export function hasForeignMarker(
  { service, database }: Home,
  { type, tenantId, marker }: TenantObject,
): boolean {
  if (!marker) return false;
  if (marker.service !== service || marker.tenantId !== tenantId) return true;
  return type !== 'schema' && marker.database !== database;
}
