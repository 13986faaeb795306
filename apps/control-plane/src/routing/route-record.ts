import type { Placement, RouteRecord } from '@tenantry/contracts';
import type { Route } from './route.entity.js';

/** Where a store lives, as requests carry it. */
export function toPlacement(route: Route): Placement {
  const { store, isolation, cluster, database, schema } = route;
  return { store, isolation, cluster, database, schema };
}

/** A route as state records and facts carry it. */
export function toRouteRecord(route: Route): RouteRecord {
  const { access, generation, revision } = route;
  return { ...toPlacement(route), access, generation, revision };
}
