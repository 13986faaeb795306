import type { ParticipantRequest } from '@tenantry/contracts';
import type { ClusterScan, Unscannable } from './scan-result.js';

const OUT_OF_SCOPE = 'the tenant was placed in it, and the scope leaves it out';
const NOT_FOUND =
  'no database that was looked at on it has the tombstone of this purge, so where the tenant lived was not looked at: widen the scope';

/**
 * Where the tenant was placed and the scan has not looked. A placement that names no database is in the service's own: that
 * one gives itself away by the tombstone, which every purge leaves behind, also that of a tenant it has never had. A database
 * of a placement that the server does not have any more holds nothing, and a server that could not be reached says so itself.
 */
export function notLookedAt(
  placements: ParticipantRequest['placements'],
  { cluster, databases, notScanned, unscannable }: ClusterScan,
): Unscannable[] {
  const here = placements.filter((placement) => placement.cluster === cluster);
  const named = new Set(here.flatMap(({ database }) => (database === null ? [] : [database])));
  const leftOut = notScanned.map(({ database }) => database).filter((database) => named.has(database));
  const away = unscannable.some(({ database }) => database === undefined);
  const lost = here.some(({ database }) => database === null) && !databases.some(({ buried }) => buried);
  return [
    ...leftOut.map((database) => ({ cluster, database, reason: OUT_OF_SCOPE })),
    ...(lost && !away ? [{ cluster, reason: NOT_FOUND }] : []),
  ];
}
