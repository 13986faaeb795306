import { NotFound } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { ParticipantStore } from '../participants/participant.store.js';
import { WakeStore } from '../reconciling/wake.store.js';
import type { Tenant } from '../tenants/tenant.entity.js';
import { TenantStore } from '../tenants/tenant.store.js';
import type { Operation } from './operation.entity.js';
import { OperationStore } from './operation.store.js';
import { isAttested, isOpen, type OperationFacts } from './operator-rules.js';
import type { Task } from './task.entity.js';

/** An operation under its tenant's row lock, as an operator's action finds it. */
export interface LockedOperation {
  readonly tenant: Tenant;
  readonly operation: Operation;
  readonly tasks: readonly Task[];
  readonly facts: OperationFacts;
}

/** What all operators' actions on operations share: lock, reopen, wake. */
@Injectable()
export class OperatorDesk {
  constructor(
    private readonly tenants: TenantStore,
    private readonly operations: OperationStore,
    private readonly participants: ParticipantStore,
    private readonly wakes: WakeStore,
  ) {}

  /** @throws NotFound */
  async lockTx(tx: Tx, operationId: string): Promise<LockedOperation> {
    const known = await this.operations.findTx(tx, operationId);
    const tenant = known && (await this.tenants.lockTx(tx, known.tenantId));
    // Read again under the lock: whoever held it may have ended the operation.
    const operation = tenant && (await this.operations.findTx(tx, operationId));
    if (!operation) throw new NotFound('operation');
    const tasks = await this.operations.tasksTx(tx, operationId);
    const { kind, state, generation } = operation;
    return {
      tenant,
      operation,
      tasks,
      facts: {
        kind,
        state,
        current: generation === tenant.generation,
        open: tasks.some(isOpen),
        attested: tasks.some(isAttested),
      },
    };
  }

  /** Lets an operation go on that has failed, gives an unfinished one its whole time again, and has the tenant looked at. */
  async goOnTx(tx: Tx, { tenant, operation }: LockedOperation): Promise<void> {
    if (operation.state === 'failed') await this.operations.setStateTx(tx, operation, 'running');
    await this.operations.extendTx(tx, operation, await this.participants.longestAckTimeoutMsTx(tx));
    await this.wakes.wakeTx(tx, tenant.id);
  }
}
