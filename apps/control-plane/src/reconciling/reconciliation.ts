import type {
  Capability,
  DesiredState,
  ObservedState,
  OperationKind,
  OperationState,
  RequestType,
  TaskState,
  TenantState,
} from '@tenantry/contracts';
import { backoffMs, type Backoff } from '@tenantry/kernel';
import { observedWhenDone, publicState } from '../tenants/tenant.js';

/** Everything the next step is derived from, read under the tenant's row lock. What woke the reconciler is not part of it. */
export interface Situation {
  readonly now: Date;
  readonly tenant: {
    readonly desired: DesiredState;
    readonly generation: number;
    readonly wasActive: boolean;
    readonly purgeAfter: Date | null;
  };
  readonly placed: boolean;
  /** The operation of the tenant's current generation, finished or not. */
  readonly operation: { readonly kind: OperationKind; readonly state: OperationState };
  readonly participants: readonly ParticipantFacts[];
  readonly observations: ReadonlyMap<string, ObservationFacts>;
  readonly tasks: ReadonlyMap<string, TaskFacts>;
  readonly backoff: Backoff;
}

export interface ParticipantFacts {
  readonly name: string;
  readonly required: boolean;
  readonly capabilities: readonly Capability[];
  readonly stores: readonly string[];
  readonly ackTimeoutMs: number;
}

export interface ObservationFacts {
  readonly observed: ObservedState;
  readonly observedGeneration: number;
  readonly countsFrom: number;
}

export interface TaskFacts {
  readonly state: TaskState;
  readonly attempts: number;
  readonly retryable: boolean | null;
  readonly addressedAt: Date | null;
  readonly nextAttemptAt: Date | null;
  readonly lastError: string | null;
}

/** One request event: the same type and attempt, for all who are due. */
export interface PlannedRequest {
  readonly type: RequestType;
  readonly attempt: number;
  readonly participants: readonly string[];
}

/** The next step. Applying it twice, or after a lost wake-up, comes to the same. */
export interface Step {
  /** Participants met for the first time, with the generation from which this tenant waits for them. */
  readonly joins: readonly { participant: string; countsFrom: number }[];
  readonly requests: readonly PlannedRequest[];
  /** How the unfinished operation ends now, if it does. */
  readonly finish?:
    | { readonly state: 'succeeded' }
    | { readonly state: 'failed'; readonly participant: string; readonly error: string };
  readonly openPurge: boolean;
  readonly state: TenantState;
  /** Stores of an active tenant that must stay closed, because only participants that are still catching up own them. */
  readonly closedStores: readonly string[];
  readonly conditions: readonly {
    type: 'failed' | 'overdue' | 'catchingUp' | 'noParticipants';
    message: string;
  }[];
  /** When to look again without being woken; `null` when there is nothing to wait for. */
  readonly waitUntil: Date | null;
}

interface Part {
  readonly participant: ParticipantFacts;
  readonly observation: ObservationFacts;
  readonly task: TaskFacts | undefined;
  readonly satisfied: boolean;
  /** Whether the tenant's state waits for it. */
  readonly counted: boolean;
}

/** Everything unfinished is looked at again at least this often, woken or not. */
export const LOOK_AGAIN_MS = 60_000;

/** Compares desired with observed and says what to do next. Pure: no clock, no I/O. */
export function reconcile(situation: Situation): Step {
  const { now, tenant, operation } = situation;
  const unfinished = operation.state === 'pending' || operation.state === 'running';
  const joins = newcomers(situation, unfinished);
  const parts = partsOf(situation, joins);
  const counted = parts.filter((part) => part.counted);
  // With nobody to ask, a tenant may end and be closed, but never be called active: nothing was provisioned.
  const allThere =
    counted.every((part) => part.satisfied) && (counted.length > 0 || tenant.desired !== 'active');
  const finish = unfinished ? ending(parts, allThere) : undefined;
  // What was announced at the operation's end stands until the next one, whatever participants are declared since.
  const everyone = (finish?.state ?? operation.state) === 'succeeded';
  const openPurge =
    tenant.desired === 'suspended' &&
    tenant.purgeAfter !== null &&
    tenant.purgeAfter <= now &&
    everyone &&
    allThere;
  const given = operation.state === 'failed' || finish?.state === 'failed';
  const nextAttempts: Date[] = [];
  const due = given || openPurge ? [] : dueParts(parts, now, nextAttempts);
  const requests = groupRequests(due, tenant.desired, operation.kind);
  const conditions = conditionsOf(situation, parts, finish);
  return {
    joins,
    requests,
    finish,
    openPurge,
    state: publicState({
      desired: tenant.desired,
      placed: situation.placed || tenant.desired === 'purged',
      wasActive: tenant.wasActive,
      deletionScheduled: tenant.purgeAfter !== null,
      everyone,
    }),
    closedStores: closedStores(parts),
    conditions,
    waitUntil: openPurge ? now : nextLook(situation, parts, allThere, due, nextAttempts),
  };
}

function newcomers(situation: Situation, unfinished: boolean): Step['joins'] {
  // A purge asks everyone who was ever asked about the tenant, and nobody new.
  if (situation.tenant.desired === 'purged') return [];
  const countsFrom = unfinished ? situation.tenant.generation : situation.tenant.generation + 1;
  return situation.participants
    .filter(({ name }) => !situation.observations.has(name))
    .map(({ name }) => ({ participant: name, countsFrom }));
}

function partsOf(situation: Situation, joins: Step['joins']): Part[] {
  const { tenant } = situation;
  const done = observedWhenDone(tenant.desired);
  const parts: Part[] = [];
  for (const participant of situation.participants) {
    const joined = joins.find((join) => join.participant === participant.name);
    const observation: ObservationFacts | undefined =
      situation.observations.get(participant.name) ??
      (joined && { observed: 'none', observedGeneration: 0, countsFrom: joined.countsFrom });
    if (
      !observation ||
      !participant.capabilities.includes(capabilityFor(tenant.desired, situation.operation.kind))
    )
      continue;
    parts.push({
      participant,
      observation,
      task: situation.tasks.get(participant.name),
      satisfied: observation.observed === done && observation.observedGeneration === tenant.generation,
      // A purge waits for everyone who was ever asked: an optional service's copy is a copy too.
      counted:
        tenant.desired === 'purged' || (participant.required && observation.countsFrom <= tenant.generation),
    });
  }
  return parts;
}

function closedStores(parts: readonly Part[]): string[] {
  const behind = parts
    .filter(({ counted, satisfied }) => !counted && !satisfied)
    .flatMap(({ participant }) => participant.stores);
  const counted = new Set(
    parts.filter((part) => part.counted).flatMap(({ participant }) => participant.stores),
  );
  return behind.filter((store) => !counted.has(store));
}

function ending(parts: readonly Part[], allThere: boolean): Step['finish'] {
  const failed = parts.find(
    ({ counted, task }) => counted && task?.state === 'failed' && task.retryable === false,
  );
  if (failed) {
    return {
      state: 'failed',
      participant: failed.participant.name,
      error: failed.task?.lastError ?? 'no reason was given',
    };
  }
  return allThere ? { state: 'succeeded' } : undefined;
}

/** Who must be asked now; the times of those who need not be asked yet are added to `later`. */
function dueParts(parts: readonly Part[], now: Date, later: Date[]): Part[] {
  return parts.filter(({ satisfied, task }) => {
    if (satisfied) return false;
    if (!task || task.attempts === 0) return true;
    if (task.state === 'succeeded' || task.state === 'skipped') return false;
    if (task.state === 'failed' && task.retryable === false) return false;
    if (task.nextAttemptAt && task.nextAttemptAt > now) {
      later.push(task.nextAttemptAt);
      return false;
    }
    return true;
  });
}

function groupRequests(due: readonly Part[], desired: DesiredState, kind: OperationKind): PlannedRequest[] {
  const byAttempt = new Map<number, string[]>();
  for (const { participant, task } of due) {
    const attempt = (task?.attempts ?? 0) + 1;
    byAttempt.set(attempt, [...(byAttempt.get(attempt) ?? []), participant.name]);
  }
  const type = requestTypeFor(desired, kind);
  return [...byAttempt].map(([attempt, participants]) => ({ type, attempt, participants }));
}

function conditionsOf(
  situation: Situation,
  parts: readonly Part[],
  finish: Step['finish'],
): Step['conditions'] {
  const conditions: { type: 'failed' | 'overdue' | 'catchingUp' | 'noParticipants'; message: string }[] = [];
  if (situation.tenant.desired === 'active' && !parts.some(({ counted }) => counted)) {
    conditions.push({
      type: 'noParticipants',
      message: 'no required participant is declared, so nothing can be provisioned',
    });
  }
  for (const { participant, task, satisfied, counted } of parts) {
    if (
      task?.state === 'failed' &&
      task.retryable === false &&
      (finish?.state === 'failed' || situation.operation.state === 'failed' || !counted)
    ) {
      conditions.push({
        type: 'failed',
        message: `${participant.name}: ${task.lastError ?? 'no reason was given'}`,
      });
    } else if (
      !satisfied &&
      task?.addressedAt &&
      overdueAt(participant, task.addressedAt) <= situation.now.getTime()
    ) {
      const error = task.lastError ? `; its last error: ${task.lastError}` : '';
      conditions.push({
        type: 'overdue',
        message: `${participant.name} has not acknowledged in time${error}`,
      });
    }
    if (!satisfied && participant.required && (!counted || situation.operation.state === 'succeeded')) {
      conditions.push({
        type: 'catchingUp',
        message: `${participant.name} came later and has not reached this state yet`,
      });
    }
  }
  return conditions;
}

function overdueAt(participant: ParticipantFacts, addressedAt: Date): number {
  return addressedAt.getTime() + participant.ackTimeoutMs;
}

function nextLook(
  situation: Situation,
  parts: readonly Part[],
  allThere: boolean,
  due: readonly Part[],
  later: readonly Date[],
): Date | null {
  const { now, tenant } = situation;
  const times = later.map((at) => at.getTime());
  for (const part of due)
    times.push(now.getTime() + backoffMs(situation.backoff, (part.task?.attempts ?? 0) + 1));
  for (const { satisfied, task, participant } of parts) {
    if (satisfied || !task?.addressedAt) continue;
    const overdue = overdueAt(participant, task.addressedAt);
    if (overdue > now.getTime()) times.push(overdue);
  }
  if (!allThere && situation.operation.state !== 'failed') times.push(now.getTime() + LOOK_AGAIN_MS);
  if (tenant.purgeAfter && tenant.purgeAfter > now) times.push(tenant.purgeAfter.getTime());
  return times.length === 0 ? null : new Date(Math.min(...times));
}

/** What a participant must be able to do to be asked, and counted, for an operation. */
export function capabilityFor(desired: DesiredState, kind: OperationKind): Capability {
  switch (desired) {
    case 'active':
      return kind === 'provision' ? 'provision' : 'reactivate';
    case 'suspended':
      return 'suspend';
    case 'purged':
      return 'purge';
  }
}

/** The request that asks for it. Cancelling a deletion is asked for as what it goes back to. */
export function requestTypeFor(desired: DesiredState, kind: OperationKind): RequestType {
  switch (capabilityFor(desired, kind)) {
    case 'provision':
      return 'tenant.provisioning_requested.v1';
    case 'reactivate':
      return 'tenant.reactivation_requested.v1';
    case 'suspend':
      return 'tenant.suspension_requested.v1';
    default:
      return 'tenant.purge_requested.v1';
  }
}
