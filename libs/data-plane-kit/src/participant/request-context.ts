import type { Logger, WorkControl, WorkItem } from '@tenantry/messaging';
import type { PoolClient } from 'pg';
import type { ServiceDefinition } from '../service-definition.js';
import type { FenceWriter } from './fence-writer.js';
import type { StepProgress } from './step-progress.js';
import type { TenantDatabase } from './tenant-database.js';
import type { TenantLogins } from '../credentials/tenant-logins.js';

/** What one request is worked with. */
export interface RequestContext {
  readonly service: ServiceDefinition;
  readonly item: WorkItem;
  readonly control: WorkControl;
  /** The connection of this request alone; its session may hold the tenant's lock. */
  readonly client: PoolClient;
  /** Where that connection goes, as placements name it. */
  readonly cluster: string;
  /** The fence in the service's database there. */
  readonly fence: FenceWriter;
  /** The tenant's own database on that cluster, whether there is one or not. */
  readonly database: TenantDatabase;
  /** The fence inside it, which holds while the tenant is served there. */
  readonly innerFence: () => Promise<FenceWriter>;
  /** Absent where this service has no key for tenants' logins. */
  readonly tenantLogins: TenantLogins | undefined;
  readonly logger: Logger;
  readonly progress: StepProgress;
  /** Ends one step: nothing before it is done again after a crash, nothing after it has begun. */
  readonly stepDone: (step: string) => Promise<void>;
}
