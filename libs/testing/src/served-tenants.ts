import { createRequestHandler, onePlace, RouteCache, Tenants } from '@tenantry/data-plane-kit';
import type { TenantsOptions } from '@tenantry/data-plane-kit';
import type { Access, StateRecord, TenantState } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import pg from 'pg';
import { EXAMPLE_SERVICE, type KitDatabase } from './kit-database.js';
import { requestedWork, UNDISTURBED } from './requested-work.js';
import { stateRecord } from './state-record.js';

/** Tenants of the example service in one database, served through a pool. */
export interface ServedTenants {
  readonly tenants: Tenants;
  readonly routes: RouteCache;
  /** Provisions a tenant, and has the cache know it. */
  activeTenant(isolation?: 'pooled' | 'schema'): Promise<string>;
  /** Changes the fence alone: what the cache knows of the tenant stays as it is. */
  freeze(tenantId: string, isolation?: 'pooled' | 'schema'): Promise<void>;
  /** Tells the cache. */
  tell(
    tenantId: string,
    state: TenantState,
    generation: number,
    also?: { readonly plan?: string; readonly access?: Access; readonly revision?: number },
  ): void;
  close(): Promise<void>;
}

const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

/** @param pool of the login that serves; it stays its owner's. */
export function servedTenants(
  database: KitDatabase,
  pool: pg.Pool,
  options: Partial<TenantsOptions> = {},
): ServedTenants {
  const provisioner = new pg.Pool({ connectionString: database.provisionerUrl, max: 2 });
  const handle = createRequestHandler({ service: EXAMPLE_SERVICE, pool: provisioner, logger: QUIET });
  const routes = new RouteCache();
  routes.markComplete();
  const homes = new Map<string, 'pooled' | 'schema'>();
  const tell: ServedTenants['tell'] = (tenantId, state, generation, { plan, access, revision = 1 } = {}) => {
    const isolation = homes.get(tenantId) ?? 'pooled';
    const told = stateRecord({ tenantId, state, generation, isolation });
    const record: StateRecord = {
      ...told,
      ...(plan && { plan }),
      routes: told.routes.map((route) => ({ ...route, revision, ...(access && { access }) })),
    };
    routes.apply(record);
  };
  return {
    tenants: new Tenants({
      connections: onePlace(pool),
      routes,
      store: 'primary',
      routeWaitMs: 100,
      ...options,
    }),
    routes,
    tell,
    async activeTenant(isolation = 'pooled') {
      const tenantId = newId();
      homes.set(tenantId, isolation);
      await handle(requestedWork({ tenantId, verb: 'provisioning', generation: 1, isolation }), UNDISTURBED);
      tell(tenantId, 'ACTIVE', 1);
      return tenantId;
    },
    async freeze(tenantId, isolation = homes.get(tenantId) ?? 'pooled') {
      await handle(requestedWork({ tenantId, verb: 'suspension', generation: 2, isolation }), UNDISTURBED);
    },
    close: () => provisioner.end(),
  };
}
