import type { ObservedState, RequestType, TaskState } from '@tenantry/contracts';
import type { Task } from '../operations/task.entity.js';
import { overdueAt } from '../reconciling/conditions.js';
import type { Part } from '../reconciling/parts.js';
import { isSilent } from '../reconciling/situation.js';
import { ASKED_TO, at, sentence, times } from './words.js';

/** Where a participant is with its part, the most telling first. */
export const PART_STATUSES = [
  'failed',
  'retired',
  'neverCameUp',
  'silent',
  'overdue',
  'failing',
  'notAsked',
  'inTurn',
  'asked',
  'working',
  'decided',
  'done',
  'later',
] as const;
export type PartStatus = (typeof PART_STATUSES)[number];

/** One participant's part in bringing the tenant to where it should be, in fields and in words. */
export interface PartView {
  readonly participant: string;
  readonly request: RequestType;
  readonly required: boolean;
  /** Whether the tenant's state waits for it. */
  readonly waitedFor: boolean;
  readonly status: PartStatus;
  readonly message: string;
  readonly stores: readonly string[];
  readonly observed: ObservedState;
  readonly observedGeneration: number;
  /** Whether it works off a state that the tenant reached without it. */
  readonly catchingUp: boolean;
  /** Null: it was not asked yet. */
  readonly taskState: TaskState | null;
  readonly attempts: number;
  readonly progress: number | null;
  readonly retryable: boolean | null;
  readonly lastError: string | null;
  readonly askedAt: string | null;
  /** Since when its time to acknowledge runs: asked, or heard from last about this. */
  readonly waitingSince: string | null;
  readonly overdueSince: string | null;
  readonly nextAttemptAt: string | null;
  /** Its last sign of life, whatever about. */
  readonly heardAt: string | null;
  readonly retiredAt: string | null;
  /** Present when an operator decided to go on without it. */
  readonly decision?: DecisionView;
}

export interface DecisionView {
  readonly decision: 'skip' | 'attest';
  readonly by: string;
  readonly at: string;
  readonly reason: string | null;
}

export function toPartView(part: Part, task: Task | undefined, now: Date, ended: boolean): PartView {
  const { participant, observation, request } = part;
  const status = statusOf(part, now, ended);
  const decision = decisionOf(task);
  return {
    participant: participant.name,
    request,
    required: participant.required,
    waitedFor: part.counted,
    status,
    message: messageOf(part, task, status, now),
    stores: participant.stores,
    observed: observation.observed,
    observedGeneration: observation.observedGeneration,
    catchingUp: !part.passed && participant.required && (!part.counted || ended),
    taskState: task?.state ?? null,
    attempts: task?.attempts ?? 0,
    progress: task?.progress ?? null,
    retryable: task?.retryable ?? null,
    lastError: task?.lastError ?? null,
    askedAt: task ? task.createdAt.toISOString() : null,
    waitingSince: iso(task?.addressedAt),
    overdueSince: iso(overdueSince(part, now)),
    nextAttemptAt: part.passed ? null : iso(task?.nextAttemptAt),
    heardAt: iso(participant.lastHeartbeatAt),
    retiredAt: iso(participant.retiredAt),
    ...(decision && { decision }),
  };
}

/** Since when it should have acknowledged; `undefined` while it has time. */
export function overdueSince({ participant, task, passed }: Part, now: Date): Date | undefined {
  if (passed || !task?.addressedAt) return undefined;
  const since = overdueAt(participant, task.addressedAt);
  return since <= now ? since : undefined;
}

function statusOf(part: Part, now: Date, ended: boolean): PartStatus {
  const { participant, task, satisfied, passed } = part;
  if (satisfied) return 'done';
  if (passed) return 'decided';
  if (task?.state === 'failed' && task.retryable === false) return 'failed';
  if (participant.retiredAt !== null) return 'retired';
  if (participant.lastHeartbeatAt === null && (task?.state ?? 'pending') === 'pending') return 'neverCameUp';
  if (isSilent(participant, now)) return 'silent';
  if (overdueSince(part, now)) return 'overdue';
  if (!task || task.attempts === 0) return ended && participant.deferred ? 'inTurn' : 'notAsked';
  if (task.state === 'failed') return 'failing';
  return task.state === 'in_progress' ? 'working' : 'asked';
}

function messageOf(part: Part, task: Task | undefined, status: PartStatus, now: Date): string {
  const { participant, request } = part;
  const { name } = participant;
  const asked = task
    ? `asked ${times(task.attempts)} since ${at(task.createdAt)} to ${ASKED_TO[request]}`
    : `not asked yet to ${ASKED_TO[request]}`;
  const error = task?.lastError ? ` Its last error: ${sentence(task.lastError)}` : '';
  switch (status) {
    case 'done':
      return `${name} has acknowledged.`;
    case 'decided':
      return `${decidedMessage(name, task)}${error}`;
    case 'failed':
      return request === 'tenant.verification_requested.v1'
        ? `${name} scanned for what is left and will not call it gone: ${sentence(task?.lastError ?? 'no reason was given')}`
        : `${name} failed for good: ${sentence(task?.lastError ?? 'no reason was given')}`;
    case 'retired':
      return request === 'tenant.verification_requested.v1'
        ? `${name} is retired and has not shown that nothing is left.${error}`
        : `${name} is retired and still holds this tenant's data.${error}`;
    case 'neverCameUp':
      return `${name} has never been heard from; it was ${asked}.`;
    case 'silent':
      return `${name} was last heard from at ${at(participant.lastHeartbeatAt ?? now)}; it was ${asked}.${error}`;
    case 'overdue':
      return `${name} is overdue since ${at(overdueSince(part, now) ?? now)}; it was ${asked}${progressOf(task)}.${error}`;
    case 'failing':
      return `${name} could not do it yet; it was ${asked}.${error}`;
    case 'working':
      return `${name} is working on it${progressOf(task)}; it was ${asked}.`;
    case 'asked':
      return `${name} has not answered yet; it was ${asked}.${error}`;
    case 'notAsked':
      return `${name} was ${asked}.`;
    case 'inTurn':
      return `${name} came later and works off its backlog, which has not come to this tenant yet.`;
    case 'later':
      return `${name} scans for what is left once everybody has destroyed its data.`;
  }
}

function decidedMessage(name: string, task: Task | undefined): string {
  const decision = decisionOf(task);
  const what = decision?.decision === 'attest' ? 'was attested for' : 'was skipped';
  const reason = decision?.reason ? `: ${sentence(decision.reason)}` : '.';
  return `${name} has not acknowledged; it ${what} by ${decision?.by ?? 'an operator'}${reason}`;
}

function decisionOf(task: Task | undefined): DecisionView | undefined {
  if (!task?.decision || !task.decidedBy || !task.decidedAt) return undefined;
  const { decision, decidedBy: by, decidedAt, decisionReason: reason } = task;
  return { decision, by, at: decidedAt.toISOString(), reason };
}

function progressOf(task: Task | undefined): string {
  return (task?.progress ?? null) === null ? '' : ` (${task?.progress} %)`;
}

function iso(time: Date | null | undefined): string | null {
  return time?.toISOString() ?? null;
}
