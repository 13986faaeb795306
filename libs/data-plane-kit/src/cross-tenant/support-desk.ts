import type { Logger } from '@tenantry/messaging';
import type { Pool } from 'pg';
import { type Secret, secretOf } from '../credentials/secret.js';
import { databasePool } from '../database-pool.js';
import { ConnectionPools } from '../pools/connection-pools.js';
import { RouteCache } from '../route-cache.js';
import { RouteSnapshot } from '../route-snapshot.js';
import type { ServiceDefinition } from '../service-definition.js';
import { CrossTenant } from './cross-tenant.js';
import { SupportConnections } from './support-connections.js';

export interface SupportDeskOptions {
  readonly service: Pick<ServiceDefinition, 'name' | 'store'>;
  /** The service's own database, for support's login. */
  readonly supportUrl: string | Secret;
  /** What placements call the cluster of that one. Default: `default`. */
  readonly cluster?: string;
  /** The same on the further clusters that tenants are placed on, by their names. Default: none. */
  readonly clusters?: Readonly<Record<string, Secret>>;
  readonly logger: Logger;
  /** Routes that somebody follows. Default: those that the service has saved in its database, read by `open`. */
  readonly routes?: RouteCache;
}

/** Support works at few tenants at a time, and must not take the connections of those who serve. */
const CONNECTIONS = { total: 4, shared: 2, dedicated: 2, perTenant: 2 } as const;
const AUDIT_CONNECTIONS = 2;
const QUERY_TIMEOUT_MS = 120_000;

/** Cross-tenant access with its own connections: part of a service's process, or of a command. */
export class SupportDesk {
  readonly crossTenant: CrossTenant;
  private readonly pools: ConnectionPools;
  private readonly audit: Pool;
  private readonly routes: RouteCache;
  private readonly logger: Logger;

  constructor({
    service,
    supportUrl,
    cluster = 'default',
    clusters = {},
    logger,
    routes,
  }: SupportDeskOptions) {
    const home = typeof supportUrl === 'string' ? secretOf(supportUrl) : supportUrl;
    const onLost = (err: Error): void =>
      logger.warn({ err, use: 'support' }, 'lost an idle database connection');
    const client = { applicationName: `${service.name}-support`, queryTimeoutMs: QUERY_TIMEOUT_MS };
    this.logger = logger;
    this.routes = routes ?? new RouteCache();
    this.pools = new ConnectionPools({ limits: CONNECTIONS, onLost });
    this.audit = databasePool({ ...client, url: home, max: AUDIT_CONNECTIONS, onLost });
    this.crossTenant = new CrossTenant({
      connections: new SupportConnections({
        ...client,
        urls: new Map([[cluster, home], ...Object.entries(clusters)]),
        pools: this.pools,
      }),
      audit: this.audit,
      routes: this.routes,
      store: service.store,
    });
  }

  /** One that knows the routes which the service has saved: for a process that follows nothing. */
  static async open(options: Omit<SupportDeskOptions, 'routes'>): Promise<SupportDesk> {
    const desk = new SupportDesk(options);
    try {
      for await (const records of new RouteSnapshot(desk.audit, desk.logger).load())
        for (const record of records) desk.routes.apply(record);
      desk.routes.markComplete();
      return desk;
    } catch (error) {
      await desk.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.pools.end(), this.audit.end()]);
  }
}
