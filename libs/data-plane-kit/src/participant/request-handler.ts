import type { RequestType } from '@tenantry/contracts';
import { crashPoint } from '@tenantry/kernel';
import type { Logger, RequestHandler } from '@tenantry/messaging';
import type { Pool } from 'pg';
import type { ServiceDefinition } from '../service-definition.js';
import { DEFAULT_FENCE_TIMES, type FenceTimes, FenceWriter } from './fence-writer.js';
import { provision } from './provision.js';
import { purge } from './purge.js';
import type { RequestContext } from './request-context.js';
import { RequestFailed } from './request-errors.js';
import { StepProgress } from './step-progress.js';
import { suspend } from './suspend.js';
import { withClient } from './tenant-lock.js';

/** `steps`: how many each takes, beside one for each of the service's migrations. */
const WORK = {
  'tenant.provisioning_requested.v1': { name: 'provision', work: provision, steps: 5 },
  'tenant.reactivation_requested.v1': { name: 'reactivate', work: provision, steps: 5 },
  'tenant.suspension_requested.v1': { name: 'suspend', work: suspend, steps: 1 },
  'tenant.purge_requested.v1': { name: 'purge', work: purge, steps: 6 },
} as const;

function workFor(type: RequestType): (typeof WORK)[keyof typeof WORK] {
  if (type === 'tenant.verification_requested.v1')
    throw new RequestFailed('This participant destroys, so it cannot be the one that verifies.', false);
  return WORK[type];
}

export interface RequestHandlerOptions {
  readonly service: ServiceDefinition;
  /** Of the provisioning login, direct connections; one is kept per running request. */
  readonly pool: Pool;
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
  logger,
  fenceTimes = DEFAULT_FENCE_TIMES,
  onStep,
}: RequestHandlerOptions): RequestHandler {
  const passed = onStep ?? ((step: string) => crashPoint(`kit.${step}`));
  return (item, control) =>
    withClient(pool, (client) => {
      const { name, work, steps } = workFor(item.type);
      const progress = new StepProgress(control, steps + service.migrations.length);
      const fence = new FenceWriter(client, item, control, logger, fenceTimes);
      const context: RequestContext = {
        service,
        item,
        control,
        client,
        fence,
        logger,
        progress,
        stepDone: async (step) => {
          await progress.stepDone();
          await passed(`${name}.${step}`);
        },
      };
      return work(context);
    });
}
