import { pooledSchemaName, tenantDatabaseName, tenantSchemaName, type Isolation } from '@tenantry/contracts';
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
    route.database = tenant.isolation === 'database' ? tenantDatabaseName(tenant.id, store) : null;
    // A database of its own is laid out as the shared one, so that one code path serves both.
    route.schema =
      tenant.isolation === 'schema' ? tenantSchemaName(tenant.id, store) : pooledSchemaName(store);
    route.access = 'frozen';
    route.generation = tenant.generation;
    route.revision = 1;
    return route;
  });
}
