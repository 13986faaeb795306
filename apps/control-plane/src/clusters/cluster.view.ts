import type { Isolation, TenantState } from '@tenantry/contracts';
import { limitsOf, type Limits, type Tenants } from './capacity.js';
import type { Cluster, ClusterState } from './cluster.entity.js';

/** A tenant that has a place on a cluster. */
export interface ClusterTenant {
  readonly tenantId: string;
  readonly slug: string;
  readonly state: TenantState;
  readonly isolation: Isolation;
}

/** A cluster as the world sees it. */
export interface ClusterView {
  readonly name: string;
  readonly region: string;
  readonly state: ClusterState;
  readonly weight: number;
  readonly labels: Readonly<Record<string, string>>;
  /** How many tenants of each model may be there; `null`: as many as come. */
  readonly capacity: Limits;
  /** How many are there; a tenant counts from its creation until it is purged. */
  readonly tenants: Tenants;
  /** Grows with every change; the ETag. */
  readonly version: number;
  readonly createdAt: string;
}

export function toClusterView(cluster: Cluster, tenants: Tenants): ClusterView {
  const { name, region, state, weight, labels, capacity, version, createdAt } = cluster;
  return {
    name,
    region,
    state,
    weight,
    labels,
    capacity: limitsOf(capacity),
    tenants,
    version,
    createdAt: createdAt.toISOString(),
  };
}
