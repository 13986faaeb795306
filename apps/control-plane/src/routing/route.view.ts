import type { Access, Isolation } from '@tenantry/contracts';
import type { Route } from './route.entity.js';

/** A route as the world sees it. */
export interface RouteView {
  readonly tenantId: string;
  readonly store: string;
  readonly isolation: Isolation;
  readonly cluster: string;
  readonly database: string | null;
  readonly schema: string | null;
  readonly access: Access;
  readonly generation: number;
  readonly revision: number;
}

/** All routes of one tenant, by store; none before it is placed and after it is purged. */
export interface TenantRoutesView {
  readonly tenantId: string;
  readonly routes: readonly RouteView[];
}

export function toRouteView(route: Route): RouteView {
  const { tenantId, store, isolation, cluster, database, schema, access, generation, revision } = route;
  return { tenantId, store, isolation, cluster, database, schema, access, generation, revision };
}
