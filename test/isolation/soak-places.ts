import { onePlace, RouteCache, Tenants, type ConnectionSource } from '@tenantry/data-plane-kit';
import { stateRecord } from '@tenantry/testing';
import type { IsolationStage } from '@tenantry/testing/isolation';
import { Pool } from 'pg';

/** Connections that requests share, at most: far fewer than there are requests. */
const POOL_SIZE = { shared: 24, own: 6 } as const;
/** Requests wait in line for a connection; what waits this long has found an exhausted pool. */
const PATIENCE_MS = 30_000;

/** A service's connections to a stage through a pooler: one pool for all who share a database, one for each database of its own. */
export class SoakPlaces {
  readonly tenants: Tenants;
  private readonly pools = new Map<string, Pool>();
  private readonly loans = new Map<string, ConnectionSource>();

  constructor(stage: IsolationStage, through: (url: string) => string) {
    const routes = new RouteCache();
    routes.markComplete();
    for (const { id, isolation, generation, servingUrl } of stage.tenants) {
      routes.apply(stateRecord({ tenantId: id, state: 'ACTIVE', generation, isolation }));
      if (!this.pools.has(servingUrl)) this.pools.set(servingUrl, poolOf(through(servingUrl), isolation));
      this.loans.set(id, onePlace(this.poolAt(servingUrl)));
    }
    const connections: ConnectionSource = {
      borrow: (destination) => {
        const source = this.loans.get(destination.tenantId);
        if (!source) throw new Error('there is no such tenant on this stage');
        return source.borrow(destination);
      },
    };
    this.tenants = new Tenants({ connections, routes, store: 'primary' });
  }

  /** The pool of a login, which whoever serves any tenant there borrows from. */
  poolAt(servingUrl: string): Pool {
    const pool = this.pools.get(servingUrl);
    if (!pool) throw new Error('there is no such place on this stage');
    return pool;
  }

  /** Pools that somebody still holds a connection of, or waits for one. */
  get unreturned(): number {
    return [...this.pools.values()].filter(
      ({ totalCount, idleCount, waitingCount }) => totalCount !== idleCount || waitingCount > 0,
    ).length;
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.end()));
  }
}

function poolOf(connectionString: string, isolation: string): Pool {
  const max = isolation === 'database' ? POOL_SIZE.own : POOL_SIZE.shared;
  const pool = new Pool({ connectionString, max, connectionTimeoutMillis: PATIENCE_MS });
  pool.on('error', () => undefined);
  return pool;
}
