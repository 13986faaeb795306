import { type RequestType, tenantDatabaseName } from '@tenantry/contracts';
import { crashPoint } from '@tenantry/kernel';
import { noteStep, type Logger, type RequestHandler } from '@tenantry/messaging';
import type { Pool } from 'pg';
import { type MaintenanceClusters, oneCluster } from '../clusters/maintenance-clusters.js';
import type { TenantLogins } from '../credentials/tenant-logins.js';
import type { ServiceDefinition } from '../service-definition.js';
import { DEFAULT_FENCE_TIMES, type FenceTimes, FenceWriter } from './fence-writer.js';
import { placementOf } from './placement.js';
import { provision } from './provision.js';
import { purge } from './purge.js';
import type { RequestContext } from './request-context.js';
import { RequestFailed } from './request-errors.js';
import { StepProgress } from './step-progress.js';
import { suspend } from './suspend.js';
import { TenantDatabase } from './tenant-database.js';
import { withClient } from './tenant-lock.js';

/** `steps`: how many each takes, beside one for each of the service's migrations. */
const WORK = {
  'tenant.provisioning_requested.v1': { name: 'provision', work: provision, steps: 7 },
  'tenant.reactivation_requested.v1': { name: 'reactivate', work: provision, steps: 7 },
  'tenant.suspension_requested.v1': { name: 'suspend', work: suspend, steps: 2 },
  'tenant.purge_requested.v1': { name: 'purge', work: purge, steps: 7 },
} as const;

function workFor(type: RequestType): (typeof WORK)[keyof typeof WORK] {
  if (type === 'tenant.verification_requested.v1')
    throw new RequestFailed('This participant destroys, so it cannot be the one that verifies.', false);
  return WORK[type];
}

export interface RequestHandlerOptions {
  readonly service: ServiceDefinition;
  /** Of the provisioning login in the service's database, direct connections; one is kept per running request. */
  readonly pool: Pool;
  /** The clusters that tenants may be placed on. Default: that of the pool, by the name `default`. */
  readonly clusters?: MaintenanceClusters;
  /** For tenants with databases of their own. Default: none, and such tenants are refused. */
  readonly tenantLogins?: TenantLogins | undefined;
  readonly logger: Logger;
  readonly fenceTimes?: FenceTimes;
  /** Called after each step of a request, e.g. `provision.schema`. Default: the crash point `kit.<step>`. */
  readonly onStep?: (step: string) => void | Promise<void>;
}

/**
 * What a participant does when it is asked. Every request starts from what it finds, so any newer one may follow an
 * unfinished older one, and each may be run again.
 */
export function createRequestHandler({
  service,
  pool,
  clusters = oneCluster(pool),
  tenantLogins,
  logger,
  fenceTimes = DEFAULT_FENCE_TIMES,
  onStep,
}: RequestHandlerOptions): RequestHandler {
  const passed = onStep ?? ((step: string) => crashPoint(`kit.${step}`));
  return async (item, control) => {
    const { name, work, steps } = workFor(item.type);
    const cluster = clusters.of(placementOf(item.request.placements, service.store)?.cluster);
    return withClient(cluster.pool, async (client) => {
      const progress = new StepProgress(control, steps + service.migrations.length);
      const fence = new FenceWriter(client, item, control, logger, fenceTimes);
      const database = new TenantDatabase(tenantDatabaseName(item.tenantId, service.store), {
        client,
        connectTo: cluster.connectTo,
      });
      const context: RequestContext = {
        service,
        item,
        control,
        client,
        cluster: cluster.name,
        fence,
        database,
        innerFence: async () => new FenceWriter(await database.enter(), item, control, logger, fenceTimes),
        tenantLogins,
        logger,
        progress,
        stepDone: async (step) => {
          noteStep(`${name}.${step}`);
          await progress.stepDone();
          await passed(`${name}.${step}`);
        },
      };
      try {
        return await work(context);
      } finally {
        await database.leave();
      }
    });
  };
}
