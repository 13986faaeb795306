import { backoffMs, type Backoff } from '@tenantry/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { RECONCILER } from '../audit/caller.js';
import { ClusterStore } from '../clusters/cluster.store.js';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import type { Operation } from '../operations/operation.entity.js';
import { OperationStore } from '../operations/operation.store.js';
import { Task } from '../operations/task.entity.js';
import type { Participant } from '../participants/participant.entity.js';
import { ParticipantStore } from '../participants/participant.store.js';
import { TenantParticipant } from '../participants/tenant-participant.entity.js';
import { placeOn } from '../routing/placement.js';
import { toPlacement, toRouteRecord } from '../routing/route-record.js';
import type { Route } from '../routing/route.entity.js';
import { RouteStore } from '../routing/route.store.js';
import { clearDeletion } from '../tenants/deletion-schedule.js';
import type { LifecycleEvent } from '../tenants/lifecycle-event.js';
import { LifecycleChange } from '../tenants/lifecycle-change.js';
import type { Condition } from '../tenants/condition.js';
import type { Tenant } from '../tenants/tenant.entity.js';
import { TenantStore } from '../tenants/tenant.store.js';
import { endingOf } from './ending.js';
import { reconcile, type PlannedRequest, type Situation, type Step } from './reconciliation.js';

/** How unacknowledged requests are published again. */
export const REQUEST_BACKOFF = Symbol('REQUEST_BACKOFF');

/** When to look at the tenant again: `null` when only a wake-up can bring something new. */
export type Outcome = Date | null;

/** Whether the tenant has a place in every store, and its routes by store. */
interface Placed {
  readonly placed: 'placed' | 'placed-now' | 'unplaceable' | 'gone';
  readonly routes: readonly Route[];
}

/** Level-triggered: reads everything about one tenant under its row lock, and applies the next step in the same transaction. */
@Injectable()
export class TenantReconciler {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly operations: OperationStore,
    private readonly participants: ParticipantStore,
    private readonly routes: RouteStore,
    private readonly clusters: ClusterStore,
    private readonly change: LifecycleChange,
    @Inject(REQUEST_BACKOFF) private readonly backoff: Backoff,
  ) {}

  run(tenantId: string): Promise<Outcome> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await this.tenants.lockTx(tx, tenantId);
      return tenant ? this.stepTx(tx, tenant) : null;
    });
  }

  private async stepTx(tx: Tx, tenant: Tenant): Promise<Outcome> {
    const operation = await this.operations.currentTx(tx, tenant);
    const tasks = await this.operations.tasksTx(tx, operation.id);
    const participants = await this.participants.allTx(tx);
    const { placed, routes } = await this.placeTx(tx, tenant, participants);
    const situation = await this.situationTx(tx, tenant, operation, tasks, participants, routes.length > 0);
    const step = reconcile(situation);
    await this.joinTx(tx, tenant, step);

    const events: LifecycleEvent[] = [];
    // Nothing can be provisioned without a place; whatever is already there can still be closed.
    const requests = placed === 'unplaceable' && tenant.desired === 'active' ? [] : step.requests;
    events.push(...(await this.requestTx(tx, tenant, operation, tasks, requests, participants, routes)));
    if (step.finish) await this.operations.setStateTx(tx, operation, step.finish.state);
    else if (operation.state === 'pending' && requests.length > 0)
      await this.operations.setStateTx(tx, operation, 'running');
    events.push(...(await this.routeTx(tx, tenant, step)), ...endingOf(tenant, operation, step));
    await this.saveTx(tx, tenant, step, events, placed, operation);
    if (step.openPurge) {
      await this.change.applyTx(tx, tenant, {
        kind: 'purge',
        caller: RECONCILER,
        reason: 'the grace period has ended',
        amend: clearDeletion,
      });
    }
    return step.waitUntil;
  }

  /** Makes the routes that are missing: all of a new tenant's, and those in stores of services that came later. */
  private async placeTx(tx: Tx, tenant: Tenant, participants: readonly Participant[]): Promise<Placed> {
    const routes = await this.routes.findTx(tx, tenant.id);
    if (tenant.desired === 'purged') return { placed: 'gone', routes };
    const stores = participants.flatMap((participant) => participant.stores);
    const missing = stores.filter((store) => !routes.some((route) => route.store === store));
    if (missing.length === 0) return { placed: routes.length > 0 ? 'placed' : 'unplaceable', routes };
    const cluster = routes[0]?.cluster ?? (await this.clusters.openInRegionTx(tx, tenant.region))?.name;
    if (cluster === undefined) return { placed: 'unplaceable', routes };
    const added = placeOn(cluster, tenant, missing);
    await this.routes.insertTx(tx, added);
    return {
      placed: 'placed-now',
      routes: [...routes, ...added].sort((a, b) => (a.store < b.store ? -1 : 1)),
    };
  }

  /** Access opens last, store by store; a purged tenant's routes go. */
  private async routeTx(tx: Tx, tenant: Tenant, step: Step): Promise<LifecycleEvent[]> {
    if (step.state === 'PURGED') await this.routes.deleteTx(tx, tenant.id);
    if (step.state !== 'ACTIVE') return [];
    const opened = await this.routes.openTx(tx, tenant.id, step.closedStores, tenant.generation);
    if (opened === 0) return [];
    const routes = await this.routes.findTx(tx, tenant.id);
    return [{ type: 'tenant.route_changed.v1', data: { routes: routes.map(toRouteRecord) } }];
  }

  private async situationTx(
    tx: Tx,
    tenant: Tenant,
    operation: Operation,
    tasks: readonly Task[],
    participants: readonly Participant[],
    placed: boolean,
  ): Promise<Situation> {
    const observations = await this.participants.observationsTx(tx, tenant.id);
    return {
      now: tx.now,
      tenant,
      placed,
      operation,
      participants,
      observations: new Map(observations.map((observation) => [observation.participant, observation])),
      tasks: new Map(tasks.map((task) => [task.participant, task])),
      backoff: this.backoff,
    };
  }

  private async joinTx(tx: Tx, tenant: Tenant, step: Step): Promise<void> {
    await this.participants.saveObservationsTx(
      tx,
      step.joins.map((join) => {
        const observation = new TenantParticipant();
        observation.tenantId = tenant.id;
        observation.participant = join.participant;
        observation.observed = 'none';
        observation.observedGeneration = 0;
        observation.countsFrom = join.countsFrom;
        return observation;
      }),
    );
  }

  private async requestTx(
    tx: Tx,
    tenant: Tenant,
    operation: Operation,
    tasks: readonly Task[],
    requests: readonly PlannedRequest[],
    known: readonly Participant[],
    routes: readonly Route[],
  ): Promise<LifecycleEvent[]> {
    const placements = routes.map(toPlacement);
    const asked: Task[] = [];
    const events = requests.map(({ type, attempt, participants }): LifecycleEvent => {
      for (const name of participants) {
        const required = known.find((participant) => participant.name === name)?.required ?? false;
        asked.push(
          askedTask(
            tasks.find((task) => task.participant === name),
            operation.id,
            name,
            required,
            attempt,
            tx.now,
            this.backoff,
          ),
        );
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
    tenant.state = step.state;
    tenant.conditions = conditions;
    if (tenant.state === 'ACTIVE') tenant.wasActive = true;
    if (tenant.state === 'PURGED') tenant.purgedAt ??= tx.now;
    await this.tenants.saveTx(tx, tenant, events, { traceparent: operation.traceparent ?? undefined, shown });
  }
}

const UNPLACEABLE = {
  type: 'unplaceable',
  message: 'no open cluster is in the tenant’s region, or no participant declares a store',
} as const;

function askedTask(
  known: Task | undefined,
  operationId: string,
  participant: string,
  required: boolean,
  attempt: number,
  now: Date,
  backoff: Backoff,
): Task {
  const task =
    known ??
    Object.assign(new Task(), {
      operationId,
      participant,
      required,
      addressedAt: now,
      progress: null,
      lastError: null,
      evidence: null,
      createdAt: now,
      finishedAt: null,
    });
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
  now: readonly Omit<Condition, 'since'>[],
  at: Date,
): Condition[] {
  return now.map(({ type, message }) => {
    const known = before.find((condition) => condition.type === type);
    return { type, message, since: known?.since ?? at.toISOString() };
  });
}
