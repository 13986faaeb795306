import type { Acknowledgement } from '@tenantry/contracts';
import { backoffMs, type Backoff } from '@tenantry/kernel';
import type { Operation } from '../operations/operation.entity.js';
import type { Task } from '../operations/task.entity.js';

/** What an acknowledgement changes: nothing, the task, or the task and where the participant is observed; or why it is refused. */
export type Verdict =
  | { readonly kind: 'ignored'; readonly why: string }
  | { readonly kind: 'stale'; readonly why: string }
  | { readonly kind: 'task'; readonly task: Partial<Task> }
  | { readonly kind: 'observed'; readonly task: Partial<Task> };

/**
 * Matches an acknowledgement on (operation, generation, participant). `succeeded` is final, whatever attempt it answers;
 * `failed` and `in_progress` count only for the highest attempt.
 */
export function judge(
  answer: Acknowledgement,
  current: {
    readonly operation: Pick<Operation, 'id' | 'generation'>;
    readonly task: Task | null;
    readonly ackTimeoutMs: number;
  },
  now: Date,
  backoff: Backoff,
): Verdict {
  const { operation, task } = current;
  if (answer.operationId !== operation.id || answer.generation !== operation.generation) {
    // A generation that was never given out was, before the database was restored; or somebody made it up, so nothing hangs on it.
    const ahead = answer.generation > operation.generation;
    return {
      kind: 'stale',
      why: `it answers generation ${answer.generation}, the tenant is at ${operation.generation}${ahead ? '; was the database restored without --raise-epoch?' : ''}`,
    };
  }
  if (!task) return { kind: 'stale', why: 'this participant was not asked' };
  // An operator's decision to go on without it does not make its own word worth less when it comes.
  if (task.state === 'succeeded' || (task.state === 'skipped' && answer.outcome !== 'succeeded'))
    return { kind: 'ignored', why: `the task is ${task.state} already` };
  if (answer.attempt < task.countsFromAttempt)
    return { kind: 'ignored', why: `it answers attempt ${answer.attempt}, which is out of date` };
  if (answer.outcome === 'succeeded') {
    const evidence = answer.evidence ?? null;
    return {
      kind: 'observed',
      task: {
        state: 'succeeded',
        evidence,
        progress: 100,
        lastError: null,
        retryable: null,
        nextAttemptAt: null,
        updatedAt: now,
        finishedAt: now,
      },
    };
  }
  if (answer.attempt !== task.attempts)
    return { kind: 'ignored', why: `it answers attempt ${answer.attempt}, the last one is ${task.attempts}` };
  if (task.state === 'failed')
    return { kind: 'ignored', why: `attempt ${answer.attempt} has failed already, and nothing follows that` };
  // What a failure found, such as the tables that a scan names, is kept too.
  const found = answer.evidence ?? task.evidence;
  if (answer.outcome === 'in_progress') {
    // It is alive: it gets its whole time again before it is asked once more or called overdue.
    const nextAttemptAt = new Date(now.getTime() + current.ackTimeoutMs);
    return {
      kind: 'task',
      task: {
        state: 'in_progress',
        progress: answer.progress ?? task.progress,
        addressedAt: now,
        nextAttemptAt,
        updatedAt: now,
      },
    };
  }
  const retryable = answer.retryable ?? true;
  const nextAttemptAt = retryable ? new Date(now.getTime() + backoffMs(backoff, task.attempts)) : null;
  const lastError = answer.error ?? 'no reason was given';
  return {
    kind: 'task',
    task: {
      state: 'failed',
      retryable,
      lastError,
      evidence: found,
      nextAttemptAt,
      updatedAt: now,
      finishedAt: retryable ? null : now,
    },
  };
}
