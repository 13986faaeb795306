import type { AuditRecord } from '../audit/audit-log.js';
import { RECONCILER } from '../audit/caller.js';
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

/** What the audit says of an operation's end: who acknowledged it, and for whom an operator decided. */
export function auditOf(tenant: Tenant, operation: Operation, { finish, state, parts }: Step): AuditRecord {
  return {
    caller: RECONCILER,
    tenantId: tenant.id,
    action: `operation.${finish?.state ?? 'ended'}`,
    resource: `operations/${operation.id}`,
    before: { state: operation.state, tenantState: tenant.state },
    after: {
      state: finish?.state,
      kind: operation.kind,
      generation: operation.generation,
      tenantState: state,
      participants: Object.fromEntries(
        parts.map(({ participant, satisfied, task }) => [
          participant.name,
          satisfied ? 'acknowledged' : (task?.decision ?? task?.state ?? 'not asked'),
        ]),
      ),
      ...(finish?.state === 'failed' && { participant: finish.participant, error: cut(finish.error) }),
    },
  };
}

const ERROR_MAX = 2000;

/** Cut between characters: half of a surrogate pair could not be stored. */
function cut(text: string): string {
  return text.slice(0, ERROR_MAX).toWellFormed();
}
