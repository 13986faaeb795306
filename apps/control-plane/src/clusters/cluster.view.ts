import type { Cluster, ClusterState } from './cluster.entity.js';

/** A cluster as the world sees it. */
export interface ClusterView {
  readonly name: string;
  readonly region: string;
  readonly state: ClusterState;
  /** Grows with every change; the ETag. */
  readonly version: number;
  readonly createdAt: string;
}

export function toClusterView(cluster: Cluster): ClusterView {
  const { name, region, state, version, createdAt } = cluster;
  return { name, region, state, version, createdAt: createdAt.toISOString() };
}
