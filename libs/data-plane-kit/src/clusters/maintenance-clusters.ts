import { Client, type Pool } from 'pg';
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

/** The clusters that this service has databases on. */
export interface MaintenanceClusters {
  /**
   * @param name undefined for a tenant that was never placed: the cluster that tenants begin on.
   * @throws PlacementRefused, final, for a cluster that nobody has told this service about.
   */
  of(name: string | undefined): MaintenanceCluster;
}

/** How long one statement of maintenance inside a tenant's database may take, in milliseconds. */
const QUERY_TIMEOUT_MS = 600_000;

/** A service whose tenants all live on the server of one pool. */
export function oneCluster(pool: Pool, name = 'default'): MaintenanceClusters {
  const cluster = { name, pool, connectTo: (database: string) => sessionBeside(pool, database) };
  return {
    of(wanted) {
      if (wanted !== undefined && wanted !== name)
        throw new PlacementRefused(
          `The cluster ${wanted} is not among those that this service knows: ${name}.`,
        );
      return cluster;
    },
  };
}

function sessionBeside(pool: Pool, database: string): Client {
  const { connectionString = '', application_name: applicationName } = pool.options;
  return new Client({
    connectionString: databaseUrlOf(connectionString, database),
    application_name: applicationName,
    query_timeout: QUERY_TIMEOUT_MS,
  });
}
