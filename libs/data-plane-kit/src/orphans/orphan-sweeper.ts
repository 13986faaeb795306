import { pgExecutor } from '@tenantry/database';
import type { Logger } from '@tenantry/messaging';
import type { Pool } from 'pg';
import { RequestFailed } from '../participant/request-errors.js';
import type { RouteCache } from '../route-cache.js';
import type { ServiceDefinition } from '../service-definition.js';
import { sqlStateOf } from '../sql-errors.js';
import { deleteOrphans } from './delete-orphans.js';
import { FindingList } from './finding-list.js';
import type { OrphanReport } from './orphan-report.js';
import { LeftRows, mayHaveLeftRows } from './left-rows.js';
import { compareTenants } from './tenant-comparison.js';
import type { Home, TenantSituation } from './tenant-situation.js';

export interface OrphanSweeperOptions {
  readonly service: Pick<ServiceDefinition, 'name' | 'store'>;
  /** Of the provisioning login, direct connections; at least one. */
  readonly pool: Pool;
  /** What placements call the cluster of that pool. Default: `default`. */
  readonly cluster?: string;
  /** Followed by someone else; a sweep refuses to begin before it is complete. */
  readonly routes: RouteCache;
  readonly logger: Logger;
  /** How many findings of each kind are kept. Default: 1000. */
  readonly maxFindings?: number;
  /** How many purged tenants are looked for in the shared tables, each in a transaction of its own. Default: 500. */
  readonly maxRowChecks?: number;
  /** Called when everything is judged and nothing is deleted yet. */
  readonly onJudged?: () => void | Promise<void>;
}

export interface SweepOptions {
  /** Whether to delete what is deletable; otherwise it is only reported. */
  readonly delete: boolean;
  /** Ends the sweep early, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Not every state record has been read yet, so that a tenant without one might still exist. */
export class RoutesNotLoaded extends Error {
  constructor() {
    super('The state records are not completely loaded, so nothing can be called an orphan.');
    this.name = new.target.name;
  }
}

/**
 * Compares what should be there of the tenants with what is, in both directions, and reports. It deletes only when told
 * to, and only what carries this service's own marker of an older generation than the tombstone in this database.
 */
export class OrphanSweeper {
  private readonly leftRows: LeftRows;

  constructor(private readonly options: OrphanSweeperOptions) {
    this.leftRows = new LeftRows(options.pool, options.maxRowChecks ?? 500);
  }

  /** @throws RoutesNotLoaded. */
  async sweep({
    delete: deleting,
    signal = new AbortController().signal,
  }: SweepOptions): Promise<OrphanReport> {
    const { service, pool, cluster = 'default', routes, maxFindings = 1000, onJudged } = this.options;
    if (!routes.isComplete) throw new RoutesNotLoaded();
    const sql = pgExecutor(pool);
    const [here] = await sql.query<{ database: string; now: Date }>(
      'SELECT current_database() AS database, now()',
    );
    const home: Home = { cluster, service: service.name, store: service.store, database: here!.database };
    const found = new FindingList(maxFindings);
    const purged: string[] = [];
    let tenants = 0;
    for await (const compared of compareTenants(sql, home, routes)) {
      signal.throwIfAborted();
      tenants += compared.tenants.filter(isKnown).length;
      found.add(compared.findings);
      purged.push(...compared.tenants.filter(mayHaveLeftRows).map(({ tenantId }) => tenantId));
    }
    const { findings, unchecked } = await this.leftRows.find(home, purged, signal);
    found.add(findings);
    await onJudged?.();
    if (deleting) await this.deleteAll(home, found, signal);
    return {
      sweptAt: here!.now.toISOString(),
      service: home.service,
      cluster,
      database: home.database,
      tenants,
      findings: found.findings,
      counts: found.counts,
      rowsUnchecked: unchecked,
      clean: found.clean,
    };
  }

  private async deleteAll(home: Home, found: FindingList, signal: AbortSignal): Promise<void> {
    const { pool, routes } = this.options;
    const tenantIds = new Set(
      found.findings.filter(({ deletable }) => deletable).map(({ tenantId }) => tenantId),
    );
    for (const tenantId of tenantIds) {
      signal.throwIfAborted();
      const record = () => routes.get(tenantId);
      const { gone, whyNot } = await this.attempt(tenantId, () =>
        deleteOrphans({ home, pool, tenantId, record, signal }),
      );
      found.replace(tenantId, (finding) =>
        gone.has(`${finding.object.type} ${finding.object.name}`)
          ? { ...finding, deleted: true }
          : { ...finding, deletable: false, whyNot },
      );
    }
  }

  private async attempt(
    tenantId: string,
    work: () => Promise<readonly string[]>,
  ): Promise<{ readonly gone: ReadonlySet<string>; readonly whyNot: string }> {
    const { logger } = this.options;
    try {
      const gone = await work();
      if (gone.length > 0) logger.info({ tenantId, deleted: gone }, 'orphans were deleted');
      return { gone: new Set(gone), whyNot: 'It was not deletable any more when its turn came.' };
    } catch (err) {
      const code = sqlStateOf(err);
      if (!(err instanceof RequestFailed) && code === undefined) throw err;
      logger.warn({ tenantId, err }, 'orphans could not be deleted');
      const whyNot = err instanceof RequestFailed ? err.message : `The database refused, with code ${code}.`;
      return { gone: new Set(), whyNot };
    }
  }
}

/** Whether anything but an object's name speaks of the tenant: on a shared server most such names are others'. */
function isKnown({ record, facts }: TenantSituation): boolean {
  return [record, facts.fence, facts.provisioned, facts.tombstone].some((known) => known !== undefined);
}
