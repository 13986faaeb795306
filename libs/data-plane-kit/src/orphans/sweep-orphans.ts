import { setTimeout as pause } from 'node:timers/promises';
import type { Logger, ParticipantTransport } from '@tenantry/messaging';
import type { Secret } from '../credentials/secret.js';
import { databasePool } from '../database-pool.js';
import { RouteCache } from '../route-cache.js';
import type { ServiceDefinition } from '../service-definition.js';
import type { OrphanReport } from './orphan-report.js';
import { OrphanSweeper, RoutesNotLoaded } from './orphan-sweeper.js';

export interface SweepOrphansOptions {
  readonly service: Pick<ServiceDefinition, 'name' | 'store'>;
  /** The login that provisions, over a direct connection, in the service's database on each cluster by its name. */
  readonly provisionerUrls: Readonly<Record<string, string | Secret>>;
  /** Brings the state records; closed at the end. */
  readonly transport: Pick<ParticipantTransport, 'followState' | 'close'>;
  readonly logger: Logger;
  /** Whether to delete what is deletable. */
  readonly delete: boolean;
  /** How long reading all state records may take, in milliseconds. Default: 60 000. */
  readonly routesTimeoutMs?: number;
}

/** Bounds one statement: a schema with many tables takes its time to go. */
const QUERY_TIMEOUT_MS = 600_000;

/**
 * One sweep of each cluster, in a process of its own, which reads the state records anew: what has none when it begins does not exist.
 *
 * @throws RoutesNotLoaded when they cannot be read in time.
 */
export async function sweepOrphans(options: SweepOrphansOptions): Promise<OrphanReport[]> {
  const { service, provisionerUrls, transport, logger } = options;
  const routes = new RouteCache();
  const pools = Object.entries(provisionerUrls).map(([cluster, url]) => {
    const pool = databasePool({
      url,
      max: 2,
      applicationName: `${service.name}-sweep`,
      queryTimeoutMs: QUERY_TIMEOUT_MS,
      holdsLocks: true,
      onLost: (err) => logger.warn({ err, cluster }, 'lost an idle database connection'),
    });
    return { cluster, pool };
  });
  try {
    await loadRoutes(routes, options);
    const reports: OrphanReport[] = [];
    for (const { cluster, pool } of pools) {
      const sweeper = new OrphanSweeper({ service, cluster, pool, routes, logger });
      reports.push(await sweeper.sweep({ delete: options.delete }));
    }
    return reports;
  } finally {
    await transport.close();
    await Promise.all(pools.map(({ pool }) => pool.end()));
  }
}

/** The channel stays open, so that what changes while the sweep runs is known too. */
async function loadRoutes(
  routes: RouteCache,
  { transport, logger, routesTimeoutMs = 60_000 }: SweepOrphansOptions,
): Promise<void> {
  const following = transport
    .followState({
      handler: (record) => void routes.apply(record),
      onMalformed: (reason) =>
        logger.error({ reason }, 'a state record could not be read and was passed over'),
    })
    .then(({ failed }) => {
      failed.catch((err: unknown) => logger.warn({ err }, 'the state records are not followed any more'));
      routes.markComplete();
    });
  const timer = new AbortController();
  const late = pause(routesTimeoutMs, undefined, { signal: timer.signal });
  try {
    await Promise.race([following, late]);
  } finally {
    timer.abort();
    // The one that lost fails now, or when the transport is closed.
    for (const loser of [following, late]) loser.catch(() => undefined);
  }
  if (!routes.isComplete) throw new RoutesNotLoaded();
}
