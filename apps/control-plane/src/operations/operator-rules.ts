import type { Capability, OperationKind, OperationState, TaskState } from '@tenantry/contracts';

/** What an operator can do about an operation, or about one participant's task of it. */
export type OperationAction = 'retry' | 'cancel';
export type TaskAction = 'skip' | 'attest';

export interface OperationFacts {
  readonly kind: OperationKind;
  readonly state: OperationState;
  /** Whether it is the tenant's newest; what is older has been overtaken. */
  readonly current: boolean;
  /** Whether somebody who was asked has neither acknowledged nor been decided about; possible after a success, of who came late. */
  readonly open: boolean;
  /** Whether a participant of it was attested for, so that nobody can show any more where all of its data was. */
  readonly attested: boolean;
}

export interface TaskFacts {
  readonly state: TaskState;
  readonly capabilities: readonly Capability[];
  readonly retired: boolean;
  /** Of a task that failed: whether asking again can help. */
  readonly retryable: boolean | null;
}

/** What undoes an unfinished operation; the others are undone by an operation of their own, or not at all. */
const UNDONE_BY: Readonly<Partial<Record<OperationKind, OperationKind>>> = {
  suspend: 'reactivate',
  reactivate: 'suspend',
  delete: 'cancel_deletion',
};

/** The operation that an unfinished one is cancelled by. */
export function undoneBy(kind: OperationKind): OperationKind | undefined {
  return UNDONE_BY[kind];
}

/** Why an action on an operation is not possible now; `undefined` when it is. */
export function operationRefusal(action: OperationAction, operation: OperationFacts): string | undefined {
  const ended = endedRefusal(operation, action === 'retry' && operation.open);
  if (ended) return ended;
  if (action === 'retry' || undoneBy(operation.kind)) return undefined;
  switch (operation.kind) {
    case 'purge':
      return 'a purge that has begun cannot be cancelled; what it destroyed is gone';
    case 'provision':
      return 'there is nothing to go back to; suspend the tenant, or delete it';
    default:
      return 'cancelling a deletion is not cancelled; delete the tenant again';
  }
}

/** Why one participant's task can't be skipped, or attested for; `undefined` when it can. */
export function taskRefusal(
  action: TaskAction,
  operation: OperationFacts,
  task: TaskFacts,
): string | undefined {
  const ended = endedRefusal(operation, operation.open);
  if (ended) return ended;
  if (task.state === 'succeeded') return 'the participant has acknowledged already';
  if (task.state === 'skipped') return 'it was decided already that the operation goes on without it';
  if (operation.kind !== 'purge')
    return action === 'attest' ? 'only the destruction of data is attested; skip this task' : undefined;
  if (action === 'skip') return 'a purge is not skipped; attest that the participant’s data is destroyed';
  // Where one is attested for, a scan that does not get to look is attested too; one that found something never is.
  const blind = operation.attested && task.retryable !== false;
  if (task.capabilities.includes('verify') && !task.retired && !blind)
    return 'an independent scan cannot be attested; remove what it found and retry, or retire the verifier and attest then';
  return undefined;
}

/** @param lateComers whether those count who have not got there although the operation has succeeded. */
function endedRefusal({ current, state }: OperationFacts, lateComers: boolean): string | undefined {
  if (!current) return 'a newer operation has taken its place';
  if (state === 'pending' || state === 'running' || state === 'failed') return undefined;
  if (state === 'succeeded' && lateComers) return undefined;
  return `it has ended: ${state}`;
}

/** Whether a task is neither acknowledged nor decided about. */
export function isOpen({ state }: { readonly state: TaskState }): boolean {
  return state !== 'succeeded' && state !== 'skipped';
}

/** Whether an operator has attested for one of the participants. */
export function isAttested({ decision }: { readonly decision: 'skip' | 'attest' | null }): boolean {
  return decision === 'attest';
}
