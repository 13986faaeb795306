import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { accepted, type Accepted } from '../tenants/accepted.js';
import { cancelDeletionTx } from '../tenants/cancel-deletion.command.js';
import { LifecycleChange } from '../tenants/lifecycle-change.js';
import { OperationActionRefused } from './operation.errors.js';
import { OperationStore } from './operation.store.js';
import { OperatorDesk } from './operator-desk.js';
import { operationRefusal, undoneBy } from './operator-rules.js';

/**
 * Goes back from an unfinished operation by the one that undoes it, with acknowledgements like any other; answers with
 * that one. @throws NotFound, OperationActionRefused
 */
export class CancelOperation extends Command<Accepted> {
  constructor(
    readonly operationId: string,
    readonly reason: string,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(CancelOperation)
export class CancelOperationHandler implements ICommandHandler<CancelOperation> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly desk: OperatorDesk,
    private readonly operations: OperationStore,
    private readonly change: LifecycleChange,
    private readonly audit: AuditLog,
  ) {}

  execute({ operationId, reason, caller }: CancelOperation): Promise<Accepted> {
    return this.unitOfWork.run(async (tx) => {
      const { tenant, operation, facts } = await this.desk.lockTx(tx, operationId);
      const refusal = operationRefusal('cancel', facts);
      const kind = undoneBy(operation.kind);
      if (refusal || !kind)
        throw new OperationActionRefused('cancel', refusal ?? 'nothing undoes it', operation.state);
      const before = { state: operation.state, kind: operation.kind };
      await this.operations.setStateTx(tx, operation, 'cancelled');
      await this.audit.recordTx(tx, {
        caller,
        tenantId: tenant.id,
        action: 'operation.cancel',
        resource: `operations/${operation.id}`,
        reason,
        before,
        after: { state: 'cancelled', undoneBy: kind },
      });
      const change = { caller, reason };
      const undoing =
        kind === 'cancel_deletion'
          ? await cancelDeletionTx(tx, this.change, tenant, change)
          : await this.change.applyTx(tx, tenant, { ...change, kind });
      return accepted(tenant, undoing);
    });
  }
}
