import { NotFound } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { ParticipantStore } from '../participants/participant.store.js';
import { accepted, type Accepted } from '../tenants/accepted.js';
import { OperationActionRefused } from './operation.errors.js';
import { OperationStore } from './operation.store.js';
import { OperatorDesk } from './operator-desk.js';
import { taskRefusal, type TaskAction } from './operator-rules.js';

/**
 * An operator's decision to go on without one participant: to skip its task or, of a purge, to attest that its data is
 * destroyed. Neither is an acknowledgement: the tenant shows it, and a certificate says so.
 *
 * @throws NotFound, OperationActionRefused
 */
export class DecideTask extends Command<Accepted> {
  constructor(
    readonly operationId: string,
    readonly participant: string,
    readonly action: TaskAction,
    readonly reason: string,
    readonly caller: Caller,
  ) {
    super();
  }
}

/** What of it cannot be undone. */
const WORDS: Readonly<Partial<Record<TaskAction, string>>> = {
  attest:
    'The deletion certificate stays incomplete: nobody has shown that this participant’s data is destroyed.',
};

@CommandHandler(DecideTask)
export class DecideTaskHandler implements ICommandHandler<DecideTask> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly desk: OperatorDesk,
    private readonly operations: OperationStore,
    private readonly participants: ParticipantStore,
    private readonly audit: AuditLog,
  ) {}

  execute({ operationId, participant, action, reason, caller }: DecideTask): Promise<Accepted> {
    return this.unitOfWork.run(async (tx) => {
      const locked = await this.desk.lockTx(tx, operationId);
      const { tenant, operation, tasks, facts } = locked;
      const task = tasks.find((each) => each.participant === participant);
      if (!task) throw new NotFound('task');
      const known = await this.participants.declaredTx(tx, participant);
      const refusal = taskRefusal(action, facts, { state: task.state, retryable: task.retryable, ...known });
      if (refusal) throw new OperationActionRefused(action, refusal, operation.state);
      const before = { state: task.state, attempts: task.attempts, lastError: task.lastError };
      Object.assign(task, {
        state: 'skipped',
        decision: action,
        decidedBy: caller.actor,
        decidedAt: tx.now,
        decisionReason: reason,
        nextAttemptAt: null,
        updatedAt: tx.now,
        finishedAt: tx.now,
      } satisfies Partial<typeof task>);
      await this.operations.saveTasksTx(tx, [task]);
      await this.desk.goOnTx(tx, locked);
      await this.audit.recordTx(tx, {
        caller,
        tenantId: tenant.id,
        action: `task.${action}`,
        resource: `operations/${operation.id}/tasks/${participant}`,
        reason,
        before,
        after: { state: task.state, decision: action, kind: operation.kind },
        irreversible: WORDS[action],
      });
      return accepted(tenant, operation, tasks);
    });
  }
}
