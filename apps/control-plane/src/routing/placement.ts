import { placeNames, type Isolation } from '@tenantry/contracts';
import { Route } from './route.entity.js';

/**
 * The routes of a newly placed tenant, one a store: closed until everyone has acknowledged.
 * Names come from the tenant's id and the store, never from the slug.
 */
export function placeOn(
  cluster: string,
  tenant: { id: string; isolation: Isolation; generation: number },
  stores: readonly string[],
): Route[] {
  return [...new Set(stores)].sort().map((store) => {
    const route = new Route();
    route.tenantId = tenant.id;
    route.store = store;
    route.isolation = tenant.isolation;
    route.cluster = cluster;
    Object.assign(route, placeNames(tenant.isolation, tenant.id, store));
    route.access = 'frozen';
    route.generation = tenant.generation;
    route.revision = 1;
    return route;
  });
}
