import { NOT_OURS } from './finding.js';
import { hasForeignMarker } from './ownership.js';
import type { TenantObject } from './tenant-objects.js';
import { type Home, isWanted, type TenantSituation } from './tenant-situation.js';

/**
 * What forbids the deletion of an object that should not be there; undefined when nothing does. Three things must come
 * together, and each alone is not enough: the object's own marker says that this service made it for this tenant; the
 * tombstone in this database says that a later generation destroyed the tenant, and was done; and no state record wants it.
 */
export function whyNotDelete(home: Home, tenant: TenantSituation, object: TenantObject): string | undefined {
  const { record, facts } = tenant;
  const { marker } = object;
  const { tombstone } = facts;
  if (!marker) return 'It carries no marker.';
  if (hasForeignMarker(home, object)) return NOT_OURS;
  if (!tombstone) return 'There is no tombstone of the tenant here.';
  if (tombstone.generation <= marker.generation)
    return `It was made by generation ${marker.generation}, and the tombstone is of generation ${tombstone.generation}.`;
  if (facts.fence) return 'A purge of the tenant is running here.';
  if (isWanted(record)) return `The state record says that the tenant is ${record.state}.`;
  if (object.heldElsewhere) return 'Another database uses it too.';
  return undefined;
}
