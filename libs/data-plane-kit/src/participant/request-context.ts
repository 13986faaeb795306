import type { Logger, WorkControl, WorkItem } from '@tenantry/messaging';
import type { PoolClient } from 'pg';
import type { ServiceDefinition } from '../service-definition.js';
import type { FenceWriter } from './fence-writer.js';
import type { StepProgress } from './step-progress.js';

/** What one request is worked with. */
export interface RequestContext {
  readonly service: ServiceDefinition;
  readonly item: WorkItem;
  readonly control: WorkControl;
  /** The connection of this request alone; its session may hold the tenant's lock. */
  readonly client: PoolClient;
  readonly fence: FenceWriter;
  readonly logger: Logger;
  readonly progress: StepProgress;
  /** Ends one step: nothing before it is done again after a crash, nothing after it has begun. */
  readonly stepDone: (step: string) => Promise<void>;
}
