import { SpanKind } from '@opentelemetry/api';
import { backoffMs, type Backoff } from '@tenantry/kernel';
import { inSpan, parseTraceparent, traceparentFor, type Traced } from '@tenantry/messaging';
import { addLogFields, type LogFields } from '@tenantry/service';
import { Inject, Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import { RECONCILER, type Caller } from '../audit/caller.js';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import type { Operation } from '../operations/operation.entity.js';
import { OperationStore } from '../operations/operation.store.js';
import { Task } from '../operations/task.entity.js';
import { ParticipantsChangedMeanwhile, ParticipantStore } from '../participants/participant.store.js';
import { toPlacement } from '../routing/route-record.js';
import type { Condition } from '../tenants/condition.js';
import { clearDeletion } from '../tenants/deletion-schedule.js';
import type { LifecycleEvent } from '../tenants/lifecycle-event.js';
import { LifecycleChange } from '../tenants/lifecycle-change.js';
import { enterState } from '../tenants/enter-state.js';
import type { Tenant } from '../tenants/tenant.entity.js';
import { TenantStore } from '../tenants/tenant.store.js';
import type { PlannedCondition } from './conditions.js';
import { auditOf, endingOf } from './ending.js';
import { LOOK_AGAIN_MS, reconcile, type PlannedRequest, type Step } from './reconciliation.js';
import { REQUEST_BACKOFF, SituationReader, type TenantRows } from './situation.reader.js';
import { TenantPlacer, type Placed } from './tenant.placer.js';

/** When to look at the tenant again: `null` when only a wake-up can bring something new. */
export type Outcome = Date | null;

/** How often a step is taken anew because a participant was changed under it. */
const ATTEMPTS = 3;

/** Level-triggered: reads everything about one tenant under its row lock, and applies the next step in the same transaction. */
@Injectable()
export class TenantReconciler {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly operations: OperationStore,
    private readonly participants: ParticipantStore,
    private readonly placer: TenantPlacer,
    private readonly situations: SituationReader,
    private readonly change: LifecycleChange,
    private readonly audit: AuditLog,
    @Inject(REQUEST_BACKOFF) private readonly backoff: Backoff,
  ) {}

  async run(tenantId: string): Promise<Outcome> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.unitOfWork.run(async (tx) => {
          const tenant = await this.tenants.lockTx(tx, tenantId);
          return tenant ? this.stepTx(tx, tenant) : null;
        });
      } catch (error) {
        if (!(error instanceof ParticipantsChangedMeanwhile) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  private async stepTx(tx: Tx, tenant: Tenant): Promise<Outcome> {
    const found = await this.situations.rowsTx(tx, tenant);
    const { placed, routes } = await this.placer.placeTx(tx, found);
    const rows: TenantRows = { ...found, routes };
    addLogFields(logFieldsOf(rows.operation));
    const step = reconcile(this.situations.situationOf(rows, tx.now));
    return inSpan(tracedStep(rows, step), () => this.applyTx(tx, rows, placed, step));
  }

  private async applyTx(tx: Tx, rows: TenantRows, placed: Placed['placed'], step: Step): Promise<Outcome> {
    const { tenant, operation } = rows;
    await this.participants.joinTx(tx, tenant.id, step.joins, rows.participants);

    // Nothing can be provisioned without a place; whatever is already there can still be closed.
    const requests = placed === 'unplaceable' && tenant.desired === 'active' ? [] : step.requests;
    const events = await this.requestTx(tx, rows, step, requests);
    await this.operations.saveTasksTx(tx, unaskedTasks(step, operation.id, tx.now));
    if (step.finish) await this.finishTx(tx, tenant, rows, step);
    else if (operation.state === 'pending' && requests.length > 0)
      await this.operations.setStateTx(tx, operation, 'running');
    events.push(...(await this.placer.followTx(tx, tenant, step)), ...endingOf(tenant, operation, step));
    await this.saveTx(tx, tenant, step, events, placed, operation);
    if (step.openPurge) {
      await this.change.applyTx(tx, tenant, {
        kind: 'purge',
        caller: callerOf(operation),
        reason: 'the grace period has ended',
        amend: clearDeletion,
      });
    }
    // What could not be asked for want of a place was not asked: no back-off, but the usual look.
    return requests === step.requests ? step.waitUntil : new Date(tx.now.getTime() + LOOK_AGAIN_MS);
  }

  private async finishTx(tx: Tx, tenant: Tenant, rows: TenantRows, step: Step): Promise<void> {
    if (!step.finish) return;
    const record = auditOf(tenant, rows.operation, step);
    await this.operations.setStateTx(tx, rows.operation, step.finish.state);
    await this.audit.recordTx(tx, record);
  }

  private async requestTx(
    tx: Tx,
    { tenant, operation, tasks, participants: known, routes }: TenantRows,
    { parts }: Step,
    requests: readonly PlannedRequest[],
  ): Promise<LifecycleEvent[]> {
    const placements = routes.map(toPlacement);
    const asked: Task[] = [];
    const events = requests.map(({ type, attempt, participants }): LifecycleEvent => {
      for (const name of participants) {
        const required = known.find((participant) => participant.name === name)?.required ?? false;
        const task =
          tasks.find(({ participant }) => participant === name) ??
          newTask(operation.id, name, required, tx.now);
        const part = parts.find(({ participant }) => participant.name === name);
        if (type === 'tenant.verification_requested.v1' && (!part?.task || part.outdated))
          countFrom(task, attempt, tx.now);
        asked.push(askAgain(task, attempt, tx.now, this.backoff));
      }
      const data = {
        operationId: operation.id,
        generation: tenant.generation,
        attempt,
        participants: [...participants],
        desired: tenant.desired,
        placements,
      };
      return { type, data };
    });
    await this.operations.saveTasksTx(tx, asked);
    // A scan begins when everybody has had their time, so it gets its own.
    if (asked.some(({ countsFromAt }) => countsFromAt === tx.now))
      await this.operations.extendTx(tx, operation, await this.participants.longestAckTimeoutMsTx(tx));
    return events;
  }

  private async saveTx(
    tx: Tx,
    tenant: Tenant,
    step: Step,
    events: LifecycleEvent[],
    placed: Placed['placed'],
    operation: Operation,
  ): Promise<void> {
    const conditions = conditionsSince(
      tenant.conditions,
      placed === 'unplaceable' ? [...step.conditions, UNPLACEABLE] : step.conditions,
      tx.now,
    );
    const shown =
      tenant.state !== step.state || JSON.stringify(conditions) !== JSON.stringify(tenant.conditions);
    if (!shown && events.length === 0 && placed !== 'placed-now') return;
    enterState(tenant, step.state, tx.now);
    tenant.conditions = conditions;
    if (tenant.state === 'ACTIVE') tenant.wasActive = true;
    if (tenant.state === 'PURGED') tenant.purgedAt ??= tx.now;
    await this.tenants.saveTx(tx, tenant, events, { traceparent: operation.traceparent ?? undefined, shown });
  }
}

const UNPLACEABLE = {
  type: 'unplaceable',
  message: 'no cluster of the tenant’s region can take it, or no participant declares a store',
} as const;

function logFieldsOf({ id, traceparent }: Operation): LogFields {
  const trace = parseTraceparent(traceparent ?? undefined);
  return { operationId: id, ...(trace && { traceId: trace.traceId }) };
}

/** A look that finds nothing to do leaves no trace: an operation that waits for a participant is looked at for as long as it waits. */
function tracedStep({ tenant, operation }: TenantRows, { requests, finish, openPurge }: Step): Traced {
  const acts = requests.length > 0 || finish !== undefined || openPurge;
  return {
    name: `reconcile ${operation.kind}`,
    kind: SpanKind.INTERNAL,
    parent: acts ? (operation.traceparent ?? undefined) : undefined,
    attributes: {
      'tenantry.tenant.id': tenant.id,
      'tenantry.operation.id': operation.id,
      'tenantry.generation': operation.generation,
    },
  };
}

/** Nobody asked for what follows by itself, but it belongs to the trace of what it follows from. */
function callerOf({ traceparent }: Operation): Caller {
  const cause = traceparentFor(traceparent ?? undefined);
  return { ...RECONCILER, ...(cause !== undefined && { traceparent: cause }) };
}

function newTask(operationId: string, participant: string, required: boolean, now: Date): Task {
  return Object.assign(new Task(), {
    operationId,
    participant,
    required,
    addressedAt: null,
    progress: null,
    lastError: null,
    evidence: null,
    decision: null,
    decidedBy: null,
    decidedAt: null,
    decisionReason: null,
    countsFromAttempt: 1,
    countsFromAt: null,
    createdAt: now,
    finishedAt: null,
  });
}

/**
 * A retired participant is asked for nothing, and what it still holds is waited for all the same: the task is there for an operator
 * to attest for.
 */
function unaskedTasks({ parts }: Step, operationId: string, now: Date): Task[] {
  return parts
    .filter(({ participant, counted, passed, task }) => participant.retiredAt && counted && !passed && !task)
    .map(({ participant: { name, required } }) =>
      Object.assign(newTask(operationId, name, required, now), {
        state: 'pending' as const,
        retryable: null,
        attempts: 0,
        nextAttemptAt: null,
        updatedAt: now,
      }),
    );
}

/** From here on only what answers this attempt, or a later one, counts. */
function countFrom(task: Task, attempt: number, now: Date): void {
  Object.assign(task, {
    countsFromAttempt: attempt,
    countsFromAt: now,
    evidence: null,
    progress: null,
    finishedAt: null,
  });
}

function askAgain(task: Task, attempt: number, now: Date, backoff: Backoff): Task {
  task.addressedAt ??= now;
  task.state = 'pending';
  task.retryable = null;
  task.attempts = attempt;
  task.nextAttemptAt = new Date(now.getTime() + backoffMs(backoff, attempt));
  task.updatedAt = now;
  return task;
}

/** Keeps the time since when a condition holds as long as it holds, whatever its words. */
function conditionsSince(
  before: readonly Condition[],
  now: readonly PlannedCondition[],
  at: Date,
): Condition[] {
  return now.map(({ type, message }) => {
    const known = before.find((condition) => condition.type === type);
    return { type, message, since: known?.since ?? at.toISOString() };
  });
}
