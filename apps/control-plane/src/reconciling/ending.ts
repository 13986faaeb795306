import type { Operation } from '../operations/operation.entity.js';
import type { LifecycleEvent } from '../tenants/lifecycle-event.js';
import type { Tenant } from '../tenants/tenant.entity.js';
import type { Step } from './reconciliation.js';

/** The fact that an operation's end is announced with. */
export function endingOf(tenant: Tenant, operation: Operation, step: Step): LifecycleEvent[] {
  const { finish } = step;
  if (!finish) return [];
  const base = { operationId: operation.id, generation: operation.generation };
  if (finish.state === 'failed') {
    const { participant, error } = finish;
    return [
      {
        type: 'tenant.operation_failed.v1',
        data: { ...base, kind: operation.kind, participant, error: cut(error) },
      },
    ];
  }
  const fact = { ...base, state: step.state };
  switch (tenant.desired) {
    case 'active':
      return [{ type: tenant.wasActive ? 'tenant.reactivated.v1' : 'tenant.provisioned.v1', data: fact }];
    case 'suspended':
      return [{ type: 'tenant.suspended.v1', data: fact }];
    case 'purged':
      return [{ type: 'tenant.purged.v1', data: fact }];
  }
}

const ERROR_MAX = 2000;

/** Cut between characters: half of a surrogate pair could not be stored. */
function cut(text: string): string {
  return text.slice(0, ERROR_MAX).toWellFormed();
}
