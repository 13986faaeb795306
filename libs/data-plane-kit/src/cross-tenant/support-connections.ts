import type { ConnectionSource, Destination } from '../connection-source.js';
import type { Secret } from '../credentials/secret.js';
import { databaseUrlOf } from '../database-url.js';
import { openClient } from '../database-pool.js';
import { ClusterUnknown } from '../errors.js';
import { Loan } from '../loan.js';
import type { ConnectionPools } from '../pools/connection-pools.js';

export interface SupportConnectionsOptions {
  /** Of each cluster, by the name that routes have for it: the URL of the service's database there for support's login. */
  readonly urls: ReadonlyMap<string, Secret>;
  readonly pools: ConnectionPools;
  readonly applicationName: string;
  readonly queryTimeoutMs: number;
}

/** Lends connections of support's login to wherever a tenant lives, its own database included. */
export class SupportConnections implements ConnectionSource {
  constructor(private readonly options: SupportConnectionsOptions) {}

  /** @throws ClusterUnknown when support has no URL there. */
  async borrow({ tenantId, route: { cluster, database, isolation } }: Destination): Promise<Loan> {
    const { urls, pools, applicationName, queryTimeoutMs } = this.options;
    const secret = urls.get(cluster);
    if (!secret) throw new ClusterUnknown(tenantId, cluster);
    const own = isolation === 'database' ? database : null;
    const open = () => {
      const url = secret.read();
      return openClient({
        url: own === null ? url : databaseUrlOf(url, own),
        applicationName,
        queryTimeoutMs,
      });
    };
    const loginClass = own === null ? 'shared' : 'dedicated';
    return Loan.from({
      connect: () => pools.borrow({ tenantId, cluster, loginClass, login: own ?? '', open }),
    });
  }
}
