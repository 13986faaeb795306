import type { OperationKind, OperationState } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import type { Caller } from '../audit/caller.js';
import type { Tx } from '../database/unit-of-work.js';
import type { Tenant } from '../tenants/tenant.entity.js';
import { OperationMetrics } from './operation-metrics.js';
import { Operation } from './operation.entity.js';
import { Task } from './task.entity.js';

const UNFINISHED: OperationState[] = ['pending', 'running'];

@Injectable()
export class OperationStore {
  private readonly metrics = new OperationMetrics();

  findTx(tx: Tx, id: string): Promise<Operation | null> {
    return tx.manager.findOneBy(Operation, { id });
  }

  /** Ends what is unfinished of the tenant, at most one operation, as superseded. @returns its id. */
  async supersedeTx(tx: Tx, tenantId: string): Promise<string | undefined> {
    const operation = await tx.manager.findOneBy(Operation, { tenantId, state: In(UNFINISHED) });
    if (operation) await this.setStateTx(tx, operation, 'superseded');
    return operation?.id;
  }

  /** Opens the operation of the tenant's (already raised) generation. */
  async openTx(
    tx: Tx,
    tenant: Tenant,
    kind: OperationKind,
    caller: Caller,
    reason: string | null,
    timeoutMs: number,
  ): Promise<Operation> {
    const operation = new Operation();
    operation.id = newId();
    operation.tenantId = tenant.id;
    operation.kind = kind;
    operation.state = 'pending';
    operation.generation = tenant.generation;
    operation.desired = tenant.desired;
    operation.actor = caller.actor;
    operation.reason = reason;
    operation.requestId = caller.requestId ?? null;
    operation.traceparent = caller.traceparent ?? null;
    operation.deadline = new Date(tx.now.getTime() + timeoutMs);
    operation.createdAt = tx.now;
    operation.updatedAt = tx.now;
    operation.finishedAt = null;
    await tx.manager.insert(Operation, operation);
    tx.dryRun?.madeUp(operation.id);
    return operation;
  }

  /** The operation of the tenant's current generation; every generation has exactly one. */
  async currentTx(tx: Tx, tenant: Tenant): Promise<Operation> {
    return tx.manager.findOneOrFail(Operation, {
      where: { tenantId: tenant.id, generation: tenant.generation },
    });
  }

  async setStateTx(tx: Tx, operation: Operation, state: OperationState): Promise<void> {
    operation.state = state;
    operation.updatedAt = tx.now;
    operation.finishedAt = UNFINISHED.includes(state) ? null : tx.now;
    await tx.manager.save(Operation, operation);
    const { kind, createdAt, finishedAt } = operation;
    if (finishedAt)
      tx.afterCommit(() => this.metrics.noteEnd(kind, state, finishedAt.getTime() - createdAt.getTime()));
  }

  /** Moves the deadline of an unfinished operation to `ms` from now, unless it is later already. */
  async extendTx(tx: Tx, operation: Operation, ms: number): Promise<void> {
    const deadline = new Date(tx.now.getTime() + ms);
    if (operation.finishedAt !== null || operation.deadline >= deadline) return;
    operation.deadline = deadline;
    operation.updatedAt = tx.now;
    await tx.manager.update(Operation, { id: operation.id }, { deadline, updatedAt: tx.now });
  }

  tasksTx(tx: Tx, operationId: string): Promise<Task[]> {
    return tx.manager.find(Task, { where: { operationId }, order: { participant: 'ASC' } });
  }

  taskTx(tx: Tx, operationId: string, participant: string): Promise<Task | null> {
    return tx.manager.findOne(Task, { where: { operationId, participant } });
  }

  async saveTasksTx(tx: Tx, tasks: readonly Task[]): Promise<void> {
    if (tasks.length > 0) await tx.manager.save(Task, [...tasks]);
    const settled = tasks.filter(({ finishedAt }) => finishedAt?.getTime() === tx.now.getTime()).length;
    if (settled > 0) tx.afterCommit(() => this.metrics.countSettled(settled));
  }
}
