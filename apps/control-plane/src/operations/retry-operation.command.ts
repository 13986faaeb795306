import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { ParticipantStore } from '../participants/participant.store.js';
import { accepted, type Accepted } from '../tenants/accepted.js';
import { OperationActionRefused } from './operation.errors.js';
import { OperationStore } from './operation.store.js';
import { OperatorDesk } from './operator-desk.js';
import { isOpen, operationRefusal } from './operator-rules.js';

/**
 * Has everyone who has not acknowledged asked again now, with their whole time again: also who has failed for good, who is
 * silent, and who came late to an operation that has succeeded. @throws NotFound, OperationActionRefused
 */
export class RetryOperation extends Command<Accepted> {
  constructor(
    readonly operationId: string,
    readonly reason: string | null,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(RetryOperation)
export class RetryOperationHandler implements ICommandHandler<RetryOperation> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly desk: OperatorDesk,
    private readonly operations: OperationStore,
    private readonly participants: ParticipantStore,
    private readonly audit: AuditLog,
  ) {}

  execute({ operationId, reason, caller }: RetryOperation): Promise<Accepted> {
    return this.unitOfWork.run(async (tx) => {
      const locked = await this.desk.lockTx(tx, operationId);
      const { tenant, operation, tasks, facts } = locked;
      const refusal = operationRefusal('retry', facts);
      if (refusal) throw new OperationActionRefused('retry', refusal, operation.state);
      const retired = await this.participants.retiredTx(tx);
      const again = tasks.filter((task) => isOpen(task) && !retired.has(task.participant));
      for (const task of again) {
        if (task.state === 'failed') task.retryable = true;
        task.addressedAt = null;
        task.nextAttemptAt = tx.now;
        task.finishedAt = null;
        task.updatedAt = tx.now;
      }
      await this.operations.saveTasksTx(tx, again);
      const before = { state: operation.state };
      await this.desk.goOnTx(tx, locked);
      await this.audit.recordTx(tx, {
        caller,
        tenantId: tenant.id,
        action: 'operation.retry',
        resource: `operations/${operation.id}`,
        reason,
        before,
        after: { state: operation.state, askedAgain: again.map(({ participant }) => participant) },
      });
      return accepted(tenant, operation, tasks);
    });
  }
}
