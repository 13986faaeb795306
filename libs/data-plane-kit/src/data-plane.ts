import { pooledSchemaName } from '@tenantry/contracts';
import { pgExecutor } from '@tenantry/database';
import type { FactAppliers, Logger, ParticipantTransport, StateReload } from '@tenantry/messaging';
import type { Pool } from 'pg';
import { onePlace } from './connection-source.js';
import { databasePool } from './database-pool.js';
import { missingMigrations } from './install/service-migration.js';
import { KIT_MIGRATIONS } from './kit-migrations.js';
import type { OrphanReport } from './orphans/orphan-report.js';
import { OrphanSchedule } from './orphans/orphan-schedule.js';
import { OrphanSweeper } from './orphans/orphan-sweeper.js';
import { ParkedMetrics } from './participant/parked-metrics.js';
import { ParticipantRunner } from './participant/participant-runner.js';
import { RouteCache } from './route-cache.js';
import { RouteFollower } from './route-follower.js';
import type { RouteHealth } from './route-health.js';
import { RouteSnapshot } from './route-snapshot.js';
import type { ServiceDefinition } from './service-definition.js';
import { checkAccepted } from './signing/check-accepted.js';
import type { ContextSigner } from './signing/context-signer.js';
import { Tenants } from './tenants.js';

export interface DataPlaneParts {
  readonly service: ServiceDefinition;
  /** The login that serves. */
  readonly databaseUrl: string;
  /** The login that provisions, over a direct connection (no transaction pooler: it holds session locks). */
  readonly provisionerUrl: string;
  /** Signs what opens a context, where the installation asks for it (`signing` of `installKit`). Default: not signed. */
  readonly signer?: ContextSigner | undefined;
  /** Closed by `close`. */
  readonly transport: ParticipantTransport;
  readonly logger: Logger;
  /** What the heartbeat names, e.g. the application's version. */
  readonly version: string;
  /** Connections that serve requests, at most. Default: 10. */
  readonly poolSize?: number;
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
  /** From which age of the routes on `/healthz` says `degraded`, in milliseconds. Default: 300 000, five minutes. */
  readonly routeStalenessAlertMs?: number;
}

/** Connections of the provisioning login for inbox, answers and route snapshot. */
const BOOKKEEPING_POOL_SIZE = 4;
/** Maintenance connections beside those of the requests. */
const SWEEPING = 1;
/** How long one statement may take. Maintenance is given time: a migration, or the deletion of a large tenant. */
const QUERY_TIMEOUT_MS = { serving: 35_000, bookkeeping: 35_000, maintenance: 600_000 } as const;

/** Everything that a service runs of the kit, in one process, with its connections. */
export class DataPlane {
  readonly tenants: Tenants;
  readonly routes = new RouteCache();
  private readonly servingPool: Pool;
  private readonly bookkeepingPool: Pool;
  private readonly maintenancePool: Pool;
  private readonly follower: RouteFollower;
  private readonly runner: ParticipantRunner;
  private readonly parked: ParkedMetrics;
  private readonly orphans: OrphanSchedule | undefined;
  private readonly transport: ParticipantTransport;
  private readonly service: ServiceDefinition;
  private readonly signer: ContextSigner | undefined;
  private stopped: Promise<void> | undefined;

  constructor({
    service,
    databaseUrl,
    provisionerUrl,
    signer,
    transport,
    logger,
    version,
    poolSize = 10,
    concurrency = 4,
    facts = {},
    reload,
    orphanSweepIntervalMs = 3_600_000,
    routeStalenessAlertMs = 300_000,
  }: DataPlaneParts) {
    const pool = (use: keyof typeof QUERY_TIMEOUT_MS, url: string, max: number): Pool =>
      databasePool({
        url,
        max,
        applicationName: `${service.name}-${use}`,
        queryTimeoutMs: QUERY_TIMEOUT_MS[use],
        holdsLocks: use !== 'serving',
        onLost: (err) => logger.warn({ err, use }, 'lost an idle database connection'),
      });
    this.transport = transport;
    this.service = service;
    this.signer = signer;
    this.servingPool = pool('serving', databaseUrl, poolSize);
    this.bookkeepingPool = pool('bookkeeping', provisionerUrl, BOOKKEEPING_POOL_SIZE);
    this.maintenancePool = pool('maintenance', provisionerUrl, concurrency + SWEEPING);
    this.tenants = new Tenants({
      connections: onePlace(this.servingPool),
      routes: this.routes,
      store: service.store,
      ...(signer && { signer }),
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
      maintenancePool: this.maintenancePool,
    });
    const sweeper = new OrphanSweeper({ service, logger, pool: this.maintenancePool, routes: this.routes });
    this.orphans =
      orphanSweepIntervalMs > 0
        ? new OrphanSchedule(sweeper, this.routes, orphanSweepIntervalMs, logger)
        : undefined;
  }

  /** What the last sweep for orphans found; undefined before one has ended. */
  get orphanReport(): OrphanReport | undefined {
    return this.orphans?.lastReport;
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
    this.orphans?.start();
  }

  /** Rejects unless the serving login reaches the database, the kit is in it, and it takes what this process signs, or does not. */
  async checkReady(): Promise<void> {
    const { rows } = await this.servingPool.query<{ installed: boolean }>(
      `SELECT to_regprocedure('tenantry.enter(uuid, bigint, text)') IS NOT NULL AS installed`,
    );
    if (!rows[0]?.installed) throw new Error('The kit is not installed in the database; run the migration.');
    await checkAccepted(pgExecutor(this.servingPool), this.signer);
  }

  /** Rejects unless the database has every migration of this build: the kit's, and the service's in the pooled schema. */
  async checkMigrations(): Promise<void> {
    const sql = pgExecutor(this.bookkeepingPool);
    const applied = new Set(
      (await sql.query<{ name: string }>('SELECT name FROM tenantry.migration')).map(({ name }) => name),
    );
    const missing = [
      ...KIT_MIGRATIONS.filter(({ name }) => !applied.has(name)),
      ...(await missingMigrations(sql, this.service, pooledSchemaName(this.service.store))),
    ];
    if (missing.length > 0) throw new Error(`Not migrated: ${missing.map(({ name }) => name).join(', ')}.`);
  }

  /** Finishes or hands back the participant's work; once, however often it is called. Requests can still be served. */
  stop(): Promise<void> {
    this.stopped ??= this.stopOnce();
    return this.stopped;
  }

  /** Closes the connections; call it when nothing is served any more. */
  async close(): Promise<void> {
    await Promise.all([this.servingPool.end(), this.bookkeepingPool.end(), this.maintenancePool.end()]);
  }

  private async stopOnce(): Promise<void> {
    this.parked.stop();
    await this.orphans?.stop();
    await this.runner.stop();
    await this.follower.stop();
    await this.transport.close();
  }
}
