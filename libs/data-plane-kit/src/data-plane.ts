import { pgExecutor } from '@tenantry/database';
import type { FactAppliers, Logger, ParticipantTransport, StateReload } from '@tenantry/messaging';
import type { Pool, PoolClient } from 'pg';
import type { ClusterAccess } from './clusters/cluster-access.js';
import {
  MAINTENANCE_TIMEOUT_MS,
  maintenanceCluster,
  MaintenanceClusters,
} from './clusters/maintenance-clusters.js';
import { Places } from './clusters/places.js';
import type { CrossTenant } from './cross-tenant/cross-tenant.js';
import { SupportDesk } from './cross-tenant/support-desk.js';
import { ServingClusters } from './clusters/serving-clusters.js';
import { type Secret, secretOf } from './credentials/secret.js';
import { type TenantLoginKeys, TenantLogins } from './credentials/tenant-logins.js';
import { databasePool } from './database-pool.js';
import { checkServiceLevel } from './install/migration-level.js';
import {
  allowancesAt,
  auditInstallation,
  type InstallationAudit,
} from './isolation-audit/audit-installation.js';
import { IsolationAuditSchedule } from './isolation-audit/isolation-audit-schedule.js';
import type { OrphanReport } from './orphans/orphan-report.js';
import { OrphanSchedule } from './orphans/orphan-schedule.js';
import { OrphanSweeper } from './orphans/orphan-sweeper.js';
import { ParkedMetrics } from './participant/parked-metrics.js';
import { ParticipantRunner } from './participant/participant-runner.js';
import { ConnectionPools } from './pools/connection-pools.js';
import type { PoolLimits } from './pools/pool-limits.js';
import { RouteCache } from './route-cache.js';
import { RouteFollower } from './route-follower.js';
import type { RouteHealth } from './route-health.js';
import { RouteSnapshot } from './route-snapshot.js';
import type { ServiceDefinition } from './service-definition.js';
import { checkAccepted } from './signing/check-accepted.js';
import type { ContextSigner } from './signing/context-signer.js';
import type { LimitsOf } from './tenant-limits.js';
import { Tenants } from './tenants.js';

export interface DataPlaneParts {
  readonly service: ServiceDefinition;
  /** The service's own database, for the login that serves. */
  readonly databaseUrl: string | Secret;
  /** The same for the login that provisions, over a direct connection (no transaction pooler: it holds session locks). */
  readonly provisionerUrl: string | Secret;
  /** What placements call the cluster of these two. Default: `default`. */
  readonly cluster?: string;
  /** The further clusters that tenants are placed on, by the names that placements have for them. Default: none. */
  readonly clusters?: Readonly<Record<string, ClusterAccess>>;
  /** What the logins of tenants with databases of their own are derived from. Default: none, and such tenants are refused. */
  readonly tenantLoginKeys?: TenantLoginKeys | undefined;
  /** The service's own database, for the login of support and finance. Default: none, and there is no cross-tenant access here. */
  readonly supportUrl?: string | Secret | undefined;
  /** Signs what opens a context, where the installation asks for it (`signing` of `installKit`). Default: not signed. */
  readonly signer?: ContextSigner | undefined;
  /** How long the statements of a tenant may take, usually by its plan. Default: as long as the login's may. */
  readonly limits?: LimitsOf | undefined;
  /** Closed by `close`. */
  readonly transport: ParticipantTransport;
  readonly logger: Logger;
  /** What the heartbeat names, e.g. the application's version. */
  readonly version: string;
  /** How many connections serve requests. */
  readonly connectionLimits?: Partial<PoolLimits> | undefined;
  /** How many tenants are provisioned, suspended or purged at once. Default: 4. */
  readonly concurrency?: number;
  /** What the service does with facts, each in the transaction of its position. Default: nothing. */
  readonly facts?: FactAppliers;
  /**
   * Makes what the service derives from a tenant's facts anew from its state record: when events of it were missed, and for every tenant
   * when the service is new, which then needs no history. Default: a gap is counted and that is all, and a new service begins
   * with the history that is there.
   */
  readonly reload?: StateReload;
  /** How often to look for orphans, in milliseconds; they are reported only. 0: never. Default: 3 600 000, an hour. */
  readonly orphanSweepIntervalMs?: number;
  /** How often to audit whether the databases keep tenants apart, in milliseconds. 0: never. Default: 3 600 000, an hour. */
  readonly isolationAuditIntervalMs?: number;
  /** The file that says what that audit may find without telling, and why (`tenantry-audit --config`); read each time. Default: none. */
  readonly isolationAuditConfig?: string | undefined;
  /** From which age of the routes on `/healthz` says `degraded`, in milliseconds. Default: 300 000, five minutes. */
  readonly routeStalenessAlertMs?: number;
}

/** Connections of the provisioning login for inbox, answers and route snapshot. */
const BOOKKEEPING_POOL_SIZE = 4;
/** Requests that are worked at once, unless told otherwise. */
const CONCURRENCY = 4;
/** Maintenance connections beside those of the requests. */
const SWEEPING = 1;
/** How long one statement may take. Maintenance is given time. */
const QUERY_TIMEOUT_MS = { bookkeeping: 35_000, maintenance: MAINTENANCE_TIMEOUT_MS } as const;
const SERVING_TIMEOUT_MS = 35_000;

/** What a service's connections beside its pools that serve are bounded by, unless told otherwise; milliseconds. */
export const DATA_PLANE_BOUNDS = {
  /** Connections for inbox, answers and route snapshot. */
  bookkeeping: BOOKKEEPING_POOL_SIZE,
  /** Connections that provision, to a cluster. */
  maintenance: CONCURRENCY + SWEEPING,
  servingTimeoutMs: SERVING_TIMEOUT_MS,
  maintenanceTimeoutMs: MAINTENANCE_TIMEOUT_MS,
} as const;

/** Everything that a service runs of the kit, in one process, with its connections. */
export class DataPlane {
  readonly tenants: Tenants;
  readonly routes = new RouteCache();
  private readonly pools: ConnectionPools;
  private readonly bookkeepingPool: Pool;
  private readonly clusters: MaintenanceClusters;
  private readonly serving: ServingClusters;
  private readonly cluster: string;
  private readonly follower: RouteFollower;
  private readonly runner: ParticipantRunner;
  private readonly parked: ParkedMetrics;
  private readonly orphans: readonly OrphanSchedule[];
  private readonly isolation: IsolationAuditSchedule | undefined;
  private readonly transport: ParticipantTransport;
  private readonly service: ServiceDefinition;
  private readonly signer: ContextSigner | undefined;
  private readonly support: SupportDesk | undefined;
  private stopped: Promise<void> | undefined;

  constructor({
    service,
    databaseUrl,
    provisionerUrl,
    supportUrl,
    signer,
    limits,
    transport,
    logger,
    version,
    cluster = 'default',
    clusters = {},
    tenantLoginKeys,
    connectionLimits,
    concurrency = CONCURRENCY,
    facts = {},
    reload,
    orphanSweepIntervalMs = 3_600_000,
    isolationAuditIntervalMs = 3_600_000,
    isolationAuditConfig,
    routeStalenessAlertMs = 300_000,
  }: DataPlaneParts) {
    const home: ClusterAccess = {
      databaseUrl: asSecret(databaseUrl),
      provisionerUrl: asSecret(provisionerUrl),
    };
    const access = new Map([[cluster, home], ...Object.entries(clusters)]);
    if (access.get(cluster) !== home) throw new RangeError(`The cluster ${cluster} is given twice.`);
    const pool = (use: keyof typeof QUERY_TIMEOUT_MS, url: Secret, max: number): Pool =>
      databasePool({
        url,
        max,
        applicationName: `${service.name}-${use}`,
        queryTimeoutMs: QUERY_TIMEOUT_MS[use],
        holdsLocks: true,
        onLost: (err) => logger.warn({ err, use }, 'lost an idle database connection'),
      });
    const maintained = (name: string, { provisionerUrl: url }: ClusterAccess) =>
      maintenanceCluster(
        name,
        pool('maintenance', url, concurrency + SWEEPING),
        url,
        `${service.name}-maintenance`,
      );
    const tenantLogins = tenantLoginKeys && new TenantLogins(tenantLoginKeys);
    const serving = { applicationName: `${service.name}-serving`, queryTimeoutMs: SERVING_TIMEOUT_MS };
    this.transport = transport;
    this.service = service;
    this.signer = signer;
    this.pools = new ConnectionPools({
      limits: connectionLimits,
      onLost: (err) => logger.warn({ err, use: 'serving' }, 'lost an idle database connection'),
    });
    this.bookkeepingPool = pool('bookkeeping', home.provisionerUrl, BOOKKEEPING_POOL_SIZE);
    this.clusters = new MaintenanceClusters([
      maintained(cluster, home),
      ...Object.entries(clusters).map(([name, further]) => maintained(name, further)),
    ]);
    this.cluster = cluster;
    const urls = new Map([...access].map(([name, { databaseUrl: url }]) => [name, url]));
    this.serving = new ServingClusters({ urls, tenantLogins, client: serving });
    this.tenants = new Tenants({
      connections: new Places(this.serving, this.pools, logger),
      routes: this.routes,
      store: service.store,
      ...(signer && { signer }),
      ...(limits && { limits }),
    });
    this.support =
      supportUrl === undefined
        ? undefined
        : new SupportDesk({
            service,
            supportUrl,
            cluster,
            clusters: supportUrls(clusters),
            logger,
            routes: this.routes,
          });
    this.follower = new RouteFollower({
      cache: this.routes,
      snapshot: new RouteSnapshot(this.bookkeepingPool, logger),
      transport,
      logger,
      alertAfterMs: routeStalenessAlertMs,
    });
    this.parked = new ParkedMetrics(this.bookkeepingPool, service.name);
    this.runner = new ParticipantRunner({
      service,
      transport,
      logger,
      version,
      concurrency,
      facts,
      ...(reload && { reloading: { reload, stateOf: (tenantId) => this.routes.get(tenantId) } }),
      pool: this.bookkeepingPool,
      maintenancePool: this.clusters.of(undefined).pool,
      clusters: this.clusters,
      tenantLogins,
    });
    const swept = orphanSweepIntervalMs > 0 ? this.clusters.all : [];
    this.orphans = swept.map((one) => {
      const sweeper = new OrphanSweeper({
        service,
        logger,
        pool: one.pool,
        cluster: one.name,
        routes: this.routes,
      });
      return new OrphanSchedule(sweeper, this.routes, orphanSweepIntervalMs, logger);
    });
    this.isolation =
      isolationAuditIntervalMs > 0
        ? new IsolationAuditSchedule(
            async (signal) => {
              const allow = await allowancesAt(isolationAuditConfig);
              return auditInstallation({ service, clusters: this.clusters.all, allow, signal });
            },
            isolationAuditIntervalMs,
            logger,
          )
        : undefined;
  }

  /** What the last sweep for orphans found on each cluster; none where the first has not ended. */
  get orphanReports(): readonly OrphanReport[] {
    return this.orphans.flatMap(({ lastReport }) => lastReport ?? []);
  }

  /** What the last audit of the isolation found; undefined before one has ended. */
  get isolationAudit(): InstallationAudit | undefined {
    return this.isolation?.lastAudit;
  }

  /** The way of support and finance to tenants' data. @throws Error when this process was given no login for it. */
  get crossTenant(): CrossTenant {
    if (!this.support)
      throw new Error('There is no cross-tenant access in this process: it has no supportUrl.');
    return this.support.crossTenant;
  }

  /** How old the routes are, and whether they are all. */
  get routeHealth(): RouteHealth {
    return this.follower.health;
  }

  /** Begins to follow and to work; resolves when the last known routes are loaded, broker or no broker. */
  async start(): Promise<void> {
    await this.follower.start();
    this.runner.start();
    this.parked.start();
    for (const schedule of this.orphans) schedule.start();
    this.isolation?.start();
  }

  /** Rejects unless the serving login reaches the database, the kit is in it, and it takes what this process signs, or does not. */
  async checkReady(): Promise<void> {
    const client = await this.pools.borrow({
      tenantId: 'none',
      cluster: this.cluster,
      loginClass: 'shared',
      login: '',
      open: () => this.serving.openShared(this.cluster),
    });
    try {
      if (!(await isInstalled(client)))
        throw new Error('The kit is not installed in the database; run the migration.');
      await checkAccepted(pgExecutor(client), this.signer);
    } finally {
      client.release(client.getTransactionStatus() !== 'I');
    }
  }

  /** Rejects unless the database has every migration of this build: the kit's, and the service's in the pooled schema. */
  async checkMigrations(): Promise<void> {
    await checkServiceLevel(pgExecutor(this.bookkeepingPool), this.service);
  }

  /** Finishes or hands back the participant's work; once, however often it is called. Requests can still be served. */
  stop(): Promise<void> {
    this.stopped ??= this.stopOnce();
    return this.stopped;
  }

  /** Closes the connections; call it when nothing is served any more. */
  async close(): Promise<void> {
    await Promise.all([
      this.pools.end(),
      this.bookkeepingPool.end(),
      this.support?.close(),
      ...this.clusters.all.map(({ pool }) => pool.end()),
    ]);
  }

  private async stopOnce(): Promise<void> {
    this.parked.stop();
    await Promise.all(this.orphans.map((schedule) => schedule.stop()));
    await this.isolation?.stop();
    await this.runner.stop();
    await this.follower.stop();
    await this.transport.close();
  }
}

async function isInstalled(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ installed: boolean }>(
    `SELECT to_regprocedure('tenantry.enter(uuid, bigint, text)') IS NOT NULL AS installed`,
  );
  return rows[0]!.installed;
}

/** Where support has a login beyond the home cluster. */
function supportUrls(clusters: Readonly<Record<string, ClusterAccess>>): Record<string, Secret> {
  return Object.fromEntries(
    Object.entries(clusters).flatMap(([name, { supportUrl }]) => (supportUrl ? [[name, supportUrl]] : [])),
  );
}

function asSecret(url: string | Secret): Secret {
  return typeof url === 'string' ? secretOf(url) : url;
}
