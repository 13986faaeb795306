import {
  ConnectionPools,
  Places,
  RouteCache,
  secretOf,
  ServingClusters,
  Tenants,
  type PoolLimits,
} from '@tenantry/data-plane-kit';
import { TEST_LOGINS } from '@tenantry/testing';
import type { IsolationStage, StagedTenant } from '@tenantry/testing/isolation';

/** Far fewer connections than there are requests; who waits this long has found an exhausted pool. */
const LIMITS: PoolLimits = { total: 40, shared: 24, dedicated: 12, perTenant: 10, waitMs: 30_000 };
const QUERY_TIMEOUT_MS = 60_000;
const RETURN_TIMEOUT_MS = 10_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** What a row of a connection that nobody should have a context on can be asked. */
export type Ask = <R extends object>(text: string) => Promise<R[]>;

/** A service's way to the tenants of a stage, as the kit makes it, but through a pooler. */
export class SoakPlaces {
  readonly tenants: Tenants;
  private readonly pools: ConnectionPools;
  private readonly places: Places;

  constructor(stage: IsolationStage, through: (url: string) => string) {
    const routes = new RouteCache();
    routes.markComplete();
    for (const { record } of stage.tenants) routes.apply(record);
    const clusters = new ServingClusters({
      urls: new Map([['default', secretOf(through(stage.database.appUrl))]]),
      tenantLogins: TEST_LOGINS,
      client: { applicationName: 'soak', queryTimeoutMs: QUERY_TIMEOUT_MS },
    });
    this.pools = new ConnectionPools({ limits: LIMITS, onLost: () => undefined });
    this.places = new Places(clusters, this.pools, silent);
    this.tenants = new Tenants({
      connections: this.places,
      routes,
      store: 'primary',
      ...(stage.signer && { signer: stage.signer }),
    });
  }

  /** Lends a connection on which the tenant's requests run, in no context. */
  async outside<T>({ id, record }: StagedTenant, work: (ask: Ask) => Promise<T>): Promise<T> {
    const [route] = record.routes;
    if (!route) throw new Error('the tenant has no route');
    const loan = await this.places.borrow({ tenantId: id, route });
    try {
      return await work(async (text) => (await loan.client.query(text)).rows);
    } finally {
      await loan.end();
    }
  }

  /** Closes the connections. @returns whether all of them were given back. */
  async close(): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => late.resolve(false), RETURN_TIMEOUT_MS);
    const returned = await Promise.race([this.pools.end().then(() => true), late.promise]);
    clearTimeout(timer);
    return returned;
  }
}
