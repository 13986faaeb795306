import type { Operation } from '../operations/operation.entity.js';
import { toOperationView, type OperationView } from '../operations/operation.view.js';
import type { Task } from '../operations/task.entity.js';
import type { Tenant } from './tenant.entity.js';
import { toTenantView, type TenantView } from './tenant.view.js';

/** What a lifecycle command answers with: the tenant as it is now, and the operation that will tell when it is done. */
export interface Accepted {
  readonly tenant: TenantView;
  readonly operation: OperationView;
}

export function accepted(tenant: Tenant, operation: Operation, tasks: readonly Task[] = []): Accepted {
  return { tenant: toTenantView(tenant), operation: toOperationView(operation, tasks) };
}
