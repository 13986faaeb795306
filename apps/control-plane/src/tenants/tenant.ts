import type { DesiredState, ObservedState, OperationKind, TenantState } from '@tenantry/contracts';

/** What an operator can ask of a tenant's lifecycle. */
export type LifecycleAction = 'suspend' | 'reactivate' | 'delete' | 'cancel_deletion' | 'move_deletion';

const LEGAL_FROM: Readonly<Record<LifecycleAction, readonly TenantState[]>> = {
  suspend: ['REQUESTED', 'PROVISIONING', 'ACTIVE', 'REACTIVATING'],
  reactivate: ['SUSPENDED', 'SUSPENDING'],
  delete: ['REQUESTED', 'PROVISIONING', 'ACTIVE', 'REACTIVATING', 'SUSPENDING', 'SUSPENDED'],
  cancel_deletion: ['DELETION_SCHEDULED'],
  move_deletion: ['DELETION_SCHEDULED'],
};

/** The actions that are legal from a state. */
export function allowedActions(state: TenantState): LifecycleAction[] {
  return (Object.keys(LEGAL_FROM) as LifecycleAction[]).filter((action) =>
    LEGAL_FROM[action].includes(state),
  );
}

export function isLegal(action: LifecycleAction, state: TenantState): boolean {
  return LEGAL_FROM[action].includes(state);
}

/** What the public state is derived from. */
export interface LifecycleFacts {
  readonly desired: DesiredState;
  /** Whether routes exist. */
  readonly placed: boolean;
  /** Whether the tenant ever reached ACTIVE. */
  readonly wasActive: boolean;
  /** Whether a deletion is scheduled. */
  readonly deletionScheduled: boolean;
  /** Whether every counted participant is observed at the desired state, at this generation. */
  readonly everyone: boolean;
}

/** The public state: a pure function of desired, observed and the deletion schedule. */
export function publicState(facts: LifecycleFacts): TenantState {
  switch (facts.desired) {
    case 'active':
      if (!facts.placed) return 'REQUESTED';
      if (facts.everyone) return 'ACTIVE';
      return facts.wasActive ? 'REACTIVATING' : 'PROVISIONING';
    case 'suspended':
      if (facts.deletionScheduled) return 'DELETION_SCHEDULED';
      return facts.everyone ? 'SUSPENDED' : 'SUSPENDING';
    case 'purged':
      return facts.everyone ? 'PURGED' : 'PURGING';
  }
}

/** The desired state that an operation asks for; `cancel_deletion` goes back to what was desired before. */
export function desiredAfter(kind: OperationKind, desiredBeforeDeletion: DesiredState | null): DesiredState {
  switch (kind) {
    case 'provision':
    case 'reactivate':
      return 'active';
    case 'suspend':
    case 'delete':
      return 'suspended';
    case 'purge':
      return 'purged';
    case 'cancel_deletion':
      return desiredBeforeDeletion ?? 'active';
  }
}

/** What a participant is observed at once it has done what `desired` asks. */
export function observedWhenDone(desired: DesiredState): ObservedState {
  return desired;
}
