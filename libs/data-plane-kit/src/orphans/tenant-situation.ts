import type { RouteRecord, StateRecord } from '@tenantry/contracts';
import type { TenantFacts } from './tenant-facts.js';
import type { TenantObject } from './tenant-objects.js';

/** Who judges: a service, by its participant's name, its store and its database. */
export interface Home {
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

/** Where a tenant's state record places a store; undefined without a record, or when it does not name the store. */
export function routeOf({ record }: TenantSituation, store: string): RouteRecord | undefined {
  return record?.routes.find((route) => route.store === store);
}
