import type { Client, Pool } from 'pg';
import { type Secret, secretOf } from '../credentials/secret.js';
import { databaseClient } from '../database-pool.js';
import { databaseUrlOf } from '../database-url.js';
import { PlacementRefused } from '../participant/request-errors.js';

/** One server that tenants can be placed on, as the provisioning login reaches it. */
export interface MaintenanceCluster {
  /** As placements name it. */
  readonly name: string;
  /** Of the service's database there, direct connections. */
  readonly pool: Pool;
  /** A session of the same login in another database of the server; not connected yet. */
  readonly connectTo: (database: string) => Client;
}

/** How long one statement of maintenance may take, in milliseconds: a migration, or the deletion of a large tenant. */
export const MAINTENANCE_TIMEOUT_MS = 600_000;

/** @param url of the provisioning login in the service's database there, over a direct connection. */
export function maintenanceCluster(
  name: string,
  pool: Pool,
  url: Secret,
  applicationName: string,
): MaintenanceCluster {
  return {
    name,
    pool,
    connectTo: (database) =>
      databaseClient({
        url: databaseUrlOf(url.read(), database),
        applicationName,
        queryTimeoutMs: MAINTENANCE_TIMEOUT_MS,
        holdsLocks: true,
      }),
  };
}

/** The clusters that this service has databases on. */
export class MaintenanceClusters {
  private readonly byName: ReadonlyMap<string, MaintenanceCluster>;

  /** @param clusters the first is the one that tenants begin on, and that of those which were never placed. */
  constructor(private readonly clusters: readonly [MaintenanceCluster, ...MaintenanceCluster[]]) {
    this.byName = new Map(clusters.map((cluster) => [cluster.name, cluster]));
  }

  get all(): readonly MaintenanceCluster[] {
    return this.clusters;
  }

  /** @throws PlacementRefused, final, for a cluster that nobody has told this service about. */
  of(name: string | undefined): MaintenanceCluster {
    if (name === undefined) return this.clusters[0];
    const cluster = this.byName.get(name);
    if (cluster) return cluster;
    const known = [...this.byName.keys()].join(', ');
    throw new PlacementRefused(
      `The cluster ${name} is not among those that this service has been told of: ${known}. Tell it, then retry the operation.`,
    );
  }
}

/** A service whose tenants all live on the server of one pool. */
export function oneCluster(pool: Pool, name = 'default'): MaintenanceClusters {
  const { connectionString = '', application_name: applicationName = 'maintenance' } = pool.options;
  return new MaintenanceClusters([
    maintenanceCluster(name, pool, secretOf(connectionString), applicationName),
  ]);
}
