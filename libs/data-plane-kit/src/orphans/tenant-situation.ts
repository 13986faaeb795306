import type { RouteRecord, StateRecord } from '@tenantry/contracts';
import type { TenantFacts } from './tenant-facts.js';
import type { TenantObject } from './tenant-objects.js';

/** Who judges: a service, by its participant's name, its store and its database on one cluster. */
export interface Home {
  readonly cluster: string;
  readonly service: string;
  readonly store: string;
  readonly database: string;
}

/** Everything that is known of one tenant at one moment. */
export interface TenantSituation {
  readonly tenantId: string;
  /** From a route cache that is complete, so that undefined means that there was none. */
  readonly record: StateRecord | undefined;
  readonly facts: TenantFacts;
  readonly objects: readonly TenantObject[];
}

/** Whether a state record asks for the tenant to be there, in whatever state. */
export function isWanted(record: StateRecord | undefined): record is StateRecord {
  return record !== undefined && record.state !== 'PURGING' && record.state !== 'PURGED';
}

/** Where a tenant's state record places the service's store, if on this cluster. */
export function routeHere({ record }: TenantSituation, { store, cluster }: Home): RouteRecord | undefined {
  return record?.routes.find((route) => route.store === store && route.cluster === cluster);
}

/** Where a tenant's state record places a store, on whichever cluster; undefined without a record, or when it does not name the store. */
export function routeOf({ record }: TenantSituation, store: string): RouteRecord | undefined {
  return record?.routes.find((route) => route.store === store);
}
