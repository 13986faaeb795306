import type {
  Capability,
  DesiredState,
  ObservedState,
  OperationKind,
  OperationState,
  TaskState,
} from '@tenantry/contracts';
import type { Backoff } from '@tenantry/kernel';
import { SILENT_AFTER_MS } from '../participants/hear.js';

/** Everything the next step is derived from, read in one transaction. What woke the reconciler is not part of it. */
export interface Situation {
  readonly now: Date;
  readonly tenant: {
    readonly desired: DesiredState;
    readonly generation: number;
    readonly wasActive: boolean;
    readonly purgeAfter: Date | null;
    /** Set: an operator froze automation for this tenant. */
    readonly pausedAt: Date | null;
    /** Set: a legal hold keeps the purge from beginning. */
    readonly holdPlacedAt: Date | null;
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
  /** Whether configuration or an operator declared it; who only said so itself is believed for itself alone. */
  readonly declaredBy: 'configuration' | 'operator' | 'heartbeat';
  /** Null: it never came up. */
  readonly lastHeartbeatAt: Date | null;
  /** Set: it is asked for nothing any more, and counted only for the purge of what it still holds. */
  readonly retiredAt: Date | null;
  /** Its backlog has not come to this tenant yet; once it has settled, that is waited for. */
  readonly deferred?: boolean;
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
  /** Null: it is to be asked at once, whatever it was asked before. */
  readonly addressedAt: Date | null;
  readonly nextAttemptAt: Date | null;
  readonly lastError: string | null;
  /** Set: an operator decided to go on without it. */
  readonly decision: 'skip' | 'attest' | null;
  /** When it succeeded, failed for good, or was decided about. */
  readonly finishedAt: Date | null;
  /** Since when what it answers counts. */
  readonly countsFromAt: Date | null;
}

/** Whether it was heard from before, but not lately. */
export function isSilent({ lastHeartbeatAt }: ParticipantFacts, now: Date): boolean {
  return lastHeartbeatAt !== null && now.getTime() - lastHeartbeatAt.getTime() > SILENT_AFTER_MS;
}
