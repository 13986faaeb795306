import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { IfMatch } from '@tenantry/service';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import type { Operation } from '../operations/operation.entity.js';
import { accepted, type Accepted } from './accepted.js';
import { clearDeletion } from './deletion-schedule.js';
import type { LifecycleEvent } from './lifecycle-event.js';
import { LifecycleChange, type ChangeRequest } from './lifecycle-change.js';
import { lockFor } from './locked-tenant.js';
import { publicState } from './tenant.js';
import type { Tenant } from './tenant.entity.js';
import { TenantStore } from './tenant.store.js';

/** Goes back to what the tenant was before the deletion was asked for, by acknowledgements; impossible once the purge has begun. */
export class CancelDeletion extends Command<Accepted> {
  constructor(
    readonly tenantId: string,
    readonly reason: string | null,
    readonly caller: Caller,
    readonly ifMatch?: IfMatch,
  ) {
    super();
  }
}

@CommandHandler(CancelDeletion)
export class CancelDeletionHandler implements ICommandHandler<CancelDeletion> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly change: LifecycleChange,
  ) {}

  execute({ tenantId, reason, caller, ifMatch }: CancelDeletion): Promise<Accepted> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await lockFor(tx, this.tenants, tenantId, 'cancel_deletion', ifMatch);
      return accepted(tenant, await cancelDeletionTx(tx, this.change, tenant, { caller, reason }));
    });
  }
}

/** Calls a locked tenant's scheduled deletion off. */
export function cancelDeletionTx(
  tx: Tx,
  lifecycle: LifecycleChange,
  tenant: Tenant,
  change: Pick<ChangeRequest, 'caller' | 'reason'>,
): Promise<Operation> {
  return lifecycle.applyTx(tx, tenant, {
    ...change,
    kind: 'cancel_deletion',
    amend: clearDeletion,
    facts: cancelled,
  });
}

function cancelled(tenant: Tenant, operation: Operation): LifecycleEvent[] {
  const { desired, wasActive, generation } = tenant;
  const state = publicState({ desired, placed: true, wasActive, deletionScheduled: false, everyone: false });
  return [{ type: 'tenant.deletion_cancelled.v1', data: { operationId: operation.id, generation, state } }];
}
