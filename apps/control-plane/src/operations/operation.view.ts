import type { DesiredState, OperationKind, OperationState, TaskState } from '@tenantry/contracts';
import type { Operation } from './operation.entity.js';
import type { Task } from './task.entity.js';

/** One participant's part of an operation, as the world sees it: plain JSON, times in RFC 3339 UTC. */
export interface TaskView {
  readonly participant: string;
  readonly required: boolean;
  readonly state: TaskState;
  readonly attempts: number;
  /** Percent done. */
  readonly progress: number | null;
  readonly lastError: string | null;
  readonly evidence: Record<string, unknown> | null;
  /** Present when an operator decided that the operation goes on without this participant. */
  readonly decision?: DecisionView;
  readonly addressedAt: string | null;
  readonly nextAttemptAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly finishedAt: string | null;
}

/** Who decided that an operation goes on without a participant, and why. */
export interface DecisionView {
  readonly kind: 'skip' | 'attest';
  readonly by: string;
  readonly at: string;
  readonly reason: string | null;
}

/** An operation as the world sees it: plain JSON, fit to be stored and replayed. */
export interface OperationView {
  readonly id: string;
  readonly tenantId: string;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly generation: number;
  readonly desired: DesiredState;
  readonly actor: string;
  readonly reason: string | null;
  readonly deadline: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly finishedAt: string | null;
  /** By participant. */
  readonly tasks: readonly TaskView[];
}

/** Whether nothing will come of asking again later. */
export function isFinished(operation: OperationView): boolean {
  return operation.finishedAt !== null;
}

export function toOperationView(operation: Operation, tasks: readonly Task[]): OperationView {
  return {
    id: operation.id,
    tenantId: operation.tenantId,
    kind: operation.kind,
    state: operation.state,
    generation: operation.generation,
    desired: operation.desired,
    actor: operation.actor,
    reason: operation.reason,
    deadline: operation.deadline.toISOString(),
    createdAt: operation.createdAt.toISOString(),
    updatedAt: operation.updatedAt.toISOString(),
    finishedAt: operation.finishedAt?.toISOString() ?? null,
    tasks: tasks.map(toTaskView),
  };
}

function toTaskView(task: Task): TaskView {
  const decision = toDecisionView(task);
  return {
    participant: task.participant,
    required: task.required,
    state: task.state,
    attempts: task.attempts,
    progress: task.progress,
    lastError: task.lastError,
    evidence: task.evidence,
    addressedAt: task.addressedAt?.toISOString() ?? null,
    nextAttemptAt: task.nextAttemptAt?.toISOString() ?? null,
    createdAt: task.createdAt.toISOString(),
    updatedAt: task.updatedAt.toISOString(),
    finishedAt: task.finishedAt?.toISOString() ?? null,
    ...(decision && { decision }),
  };
}

function toDecisionView({ decision, decidedBy, decidedAt, decisionReason }: Task): DecisionView | undefined {
  if (!decision || !decidedBy || !decidedAt) return undefined;
  return { kind: decision, by: decidedBy, at: decidedAt.toISOString(), reason: decisionReason };
}
