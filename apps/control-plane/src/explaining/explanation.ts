import type { DesiredState, OperationKind, OperationState, TenantState } from '@tenantry/contracts';
import type { Operation } from '../operations/operation.entity.js';
import { overdueAt } from '../reconciling/conditions.js';
import type { Part } from '../reconciling/parts.js';
import { reconcile } from '../reconciling/reconciliation.js';
import type { Condition } from '../tenants/condition.js';
import type { DeletionView, OperatorMark } from '../tenants/tenant.view.js';
import { toTenantView } from '../tenants/tenant.view.js';
import { actionsOf, type Action } from './actions.js';
import { blockersOf, type Blocker } from './blockers.js';
import { STALLED_AFTER_MS, unsentSince, type Facts } from './facts.js';
import type { ParkedMark } from './parked-mark.js';
import { nextSteps, type NextStep } from './next-steps.js';
import { PART_STATUSES, toPartView, type PartView } from './part.view.js';
import { summaryOf } from './summary.js';
import { at, OPERATION_NAME } from './words.js';

/** Why a tenant is in its state, who blocks it, what happens next and what can be done: in words and in fields. */
export interface Explanation {
  readonly tenantId: string;
  readonly slug: string;
  /** The database's time at which all of this held. */
  readonly at: string;
  /** Two or three plain sentences. */
  readonly summary: string;
  readonly state: TenantState;
  readonly since: string;
  readonly desired: DesiredState;
  readonly generation: number;
  readonly version: number;
  readonly conditions: readonly Condition[];
  readonly paused?: OperatorMark;
  readonly legalHold?: OperatorMark;
  readonly deletion?: DeletionView;
  readonly operation: ExplainedOperation;
  /** Who stands in its way worst, first. */
  readonly participants: readonly PartView[];
  /** Empty: nobody blocks it. */
  readonly blockedBy: readonly Blocker[];
  readonly lastError?: LastError;
  /** Present when there are any; they are in no state's way. */
  readonly parkedFacts?: readonly ParkedMark[];
  readonly next: readonly NextStep[];
  readonly actions: readonly Action[];
}

/** The operation of the tenant's current generation. */
export interface ExplainedOperation {
  readonly id: string;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly generation: number;
  readonly actor: string;
  readonly reason: string | null;
  readonly createdAt: string;
  readonly deadline: string;
  readonly overdue: boolean;
  readonly finishedAt: string | null;
  /** What it took the place of before that was finished. */
  readonly superseded?: SupersededOperation;
  readonly message: string;
}

export interface SupersededOperation {
  readonly id: string;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly actor: string;
}

export interface LastError {
  /** Null: it is the control plane's own. */
  readonly participant: string | null;
  readonly message: string;
  /** Null: when was not kept. */
  readonly at: string | null;
}

/** An explanation, and when time alone will have changed it. */
export interface Explained {
  readonly explanation: Explanation;
  readonly changesAt: Date | null;
}

/** Explains what the reconciler decides, by the same facts and the same rules. Pure: no clock, no I/O. */
export function explain(facts: Facts): Explained {
  const { situation, rows } = facts;
  const { tenant, operation, tasks } = rows;
  const { now } = situation;
  const step = reconcile(situation);
  const ended = operation.finishedAt !== null;
  const taskOf = (name: string) => tasks.find(({ participant }) => participant === name);
  const views = [
    ...step.parts.map((part) => toPartView(part, taskOf(part.participant.name), now, ended)),
    ...laterParts(facts, step.parts),
  ].sort((a, b) => PART_STATUSES.indexOf(a.status) - PART_STATUSES.indexOf(b.status));
  const blockedBy = blockersOf(facts, step.parts, views);
  const next = nextSteps(facts, step, views, blockedBy);
  const actions = actionsOf(facts, blockedBy, views);
  const { paused, legalHold, deletion } = toTenantView(tenant);
  const lastError = lastErrorOf(facts, step.parts);
  const explanation: Explanation = {
    tenantId: tenant.id,
    slug: tenant.slug,
    at: now.toISOString(),
    summary: summaryOf(facts, views, blockedBy, next, actions),
    state: tenant.state,
    since: (tenant.stateSince ?? tenant.updatedAt).toISOString(),
    desired: tenant.desired,
    generation: tenant.generation,
    version: tenant.version,
    conditions: tenant.conditions,
    ...(paused && { paused }),
    ...(legalHold && { legalHold }),
    ...(deletion && { deletion }),
    operation: toExplainedOperation(operation, facts.superseded, now),
    participants: views,
    blockedBy,
    ...(lastError && { lastError }),
    ...(facts.parked.length > 0 && { parkedFacts: facts.parked }),
    next,
    actions,
  };
  return { explanation, changesAt: changesAt(facts, step.parts, blockedBy) };
}

/** Who scans once everybody has destroyed the tenant's data: known before it is asked. */
function laterParts({ rows, situation }: Facts, parts: readonly Part[]): PartView[] {
  if (rows.tenant.desired !== 'purged' || rows.operation.state === 'succeeded') return [];
  return situation.participants
    .filter(
      ({ name, retiredAt, capabilities }) =>
        capabilities.includes('verify') &&
        retiredAt === null &&
        !parts.some(({ participant }) => participant.name === name),
    )
    .map((participant) => {
      const part: Part = {
        participant,
        request: 'tenant.verification_requested.v1',
        observation: { observed: 'none', observedGeneration: 0, countsFrom: rows.tenant.generation },
        task: undefined,
        satisfied: false,
        outdated: false,
        passed: false,
        counted: participant.required,
      };
      const { name } = participant;
      const message = `${name} scans for what is left once everybody has destroyed its data.`;
      return {
        ...toPartView(part, undefined, situation.now, false),
        status: 'later',
        catchingUp: false,
        message,
      };
    });
}

function toExplainedOperation(
  operation: Operation,
  superseded: Operation | null,
  now: Date,
): ExplainedOperation {
  const { id, kind, state, generation, actor, reason, createdAt, deadline, finishedAt } = operation;
  const overdue = (finishedAt === null || state === 'failed') && deadline <= now;
  const name = OPERATION_NAME[kind];
  const why = reason ? ` (${reason})` : '';
  const instead = superseded
    ? ` It took the place of the ${OPERATION_NAME[superseded.kind]} of ${superseded.actor}, which ended ${superseded.state}.`
    : '';
  const late = overdue ? `, overdue since ${at(deadline)}` : '';
  return {
    id,
    kind,
    state,
    generation,
    actor,
    reason,
    createdAt: createdAt.toISOString(),
    deadline: deadline.toISOString(),
    overdue,
    finishedAt: finishedAt?.toISOString() ?? null,
    ...(superseded && { superseded: toSuperseded(superseded) }),
    message: `The ${name} asked for by ${actor} at ${at(createdAt)}${why} ${HOW_IT_IS[state]}${late}.${instead}`,
  };
}

const HOW_IT_IS: Readonly<Record<OperationState, string>> = {
  pending: 'has not begun',
  running: 'is running',
  succeeded: 'has succeeded',
  failed: 'has failed',
  superseded: 'was superseded',
  cancelled: 'was cancelled',
};

function toSuperseded({ id, kind, state, actor }: Operation): SupersededOperation {
  return { id, kind, state, actor };
}

function lastErrorOf({ rows, wake, sending }: Facts, parts: readonly Part[]): LastError | undefined {
  const own = wake?.lastError ?? (sending.unsent ? sending.lastError : null);
  if (own) return { participant: null, message: own, at: null };
  const passed = new Set(parts.filter((part) => part.satisfied).map(({ participant }) => participant.name));
  const [last] = rows.tasks
    .filter(({ lastError, participant }) => lastError !== null && !passed.has(participant))
    .sort((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime());
  if (!last?.lastError) return undefined;
  return { participant: last.participant, message: last.lastError, at: last.updatedAt.toISOString() };
}

/** What is true for a while only becomes false without anybody writing a row. */
function changesAt(facts: Facts, parts: readonly Part[], blockers: readonly Blocker[]): Date | null {
  const { situation, rows, wake } = facts;
  const { now } = situation;
  const stalls = (time: Date): number => time.getTime() + STALLED_AFTER_MS;
  const times: number[] = [];
  if (rows.operation.finishedAt === null) times.push(rows.operation.deadline.getTime());
  if (rows.tenant.purgeAfter) times.push(rows.tenant.purgeAfter.getTime());
  if (wake) times.push(stalls(wake.dueAt));
  const unsent = unsentSince(facts);
  if (unsent) times.push(stalls(unsent));
  for (const { participant, task, passed } of parts) {
    if (passed || !task) continue;
    if (task.addressedAt) times.push(overdueAt(participant, task.addressedAt).getTime());
    if (task.nextAttemptAt) times.push(task.nextAttemptAt.getTime());
  }
  // Nobody writes a row when the machinery recovers: it is looked at again soon.
  if (blockers.some(({ kind }) => kind === 'controlPlane' || kind === 'messageBus'))
    times.push(now.getTime() + MACHINERY_LOOK_MS);
  const ahead = times.filter((time) => time > now.getTime());
  return ahead.length === 0 ? null : new Date(Math.min(...ahead));
}

const MACHINERY_LOOK_MS = 2000;
