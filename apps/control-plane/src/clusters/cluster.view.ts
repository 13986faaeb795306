import type { Cluster, ClusterState } from './cluster.entity.js';

/** A cluster as the world sees it. */
export interface ClusterView {
  readonly name: string;
  readonly region: string;
  readonly state: ClusterState;
  readonly createdAt: string;
}

export function toClusterView(cluster: Cluster): ClusterView {
  const { name, region, state, createdAt } = cluster;
  return { name, region, state, createdAt: createdAt.toISOString() };
}
