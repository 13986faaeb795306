import type { Logger } from '@tenantry/messaging';
import type { ConnectionSource, Destination } from '../connection-source.js';
import { ClusterUnknown } from '../errors.js';
import { FenceRefusal } from '../fence-refusal.js';
import { Loan } from '../loan.js';
import type { ConnectionPools, ConnectionWanted } from '../pools/connection-pools.js';
import { SQLSTATE, sqlStateOf } from '../sql-errors.js';
import type { ServingClusters } from './serving-clusters.js';

/** What the server says about a login or a database that is not there (any more), or is closed. */
const GONE: readonly (string | undefined)[] = [
  SQLSTATE.loginRefused,
  SQLSTATE.wrongPassword,
  SQLSTATE.invalidDatabase,
  SQLSTATE.insufficientPrivilege,
  SQLSTATE.objectNotInState,
];

/** Lends connections to wherever a tenant lives: shared by those in the service's database on a cluster, its own for one with its own database. */
export class Places implements ConnectionSource {
  constructor(
    private readonly clusters: ServingClusters,
    private readonly pools: ConnectionPools,
    private readonly logger: Logger,
  ) {}

  /** @throws ClusterUnknown; FenceRefusal when the tenant's own database or login is closed, or not there. */
  async borrow(destination: Destination): Promise<Loan> {
    const { tenantId, route } = destination;
    if (!this.clusters.knows(route.cluster)) throw new ClusterUnknown(tenantId, route.cluster);
    const wanted = this.wantedBy(destination);
    try {
      return await Loan.from({ connect: () => this.pools.borrow(wanted) });
    } catch (error) {
      if (wanted.loginClass === 'shared' || !GONE.includes(sqlStateOf(error))) throw error;
      // The route is older than what was done there; or else somebody has to hear of it.
      this.logger.warn(
        { err: error, tenantId, cluster: route.cluster },
        'a tenant’s own database does not let its login in',
      );
      const access = sqlStateOf(error) === SQLSTATE.loginRefused ? 'frozen' : undefined;
      throw new FenceRefusal(tenantId, 'stale', access, { cause: error });
    }
  }

  private wantedBy({ tenantId, route }: Destination): ConnectionWanted {
    const { cluster, database } = route;
    if (route.isolation !== 'database')
      return {
        tenantId,
        cluster,
        loginClass: 'shared',
        login: '',
        open: () => this.clusters.openShared(cluster),
      };
    if (database === null) throw new RangeError('The route names no database.');
    return {
      tenantId,
      cluster,
      loginClass: 'dedicated',
      login: database,
      open: () => this.clusters.openDedicated(cluster, database),
    };
  }
}
