import type { OperationKind, OperationState, TenantState } from '@tenantry/contracts';

/** One tenant in numbers: what no metric tells, since a tenant is never a label. Durations are in seconds, as in metrics. */
export interface TenantMetrics {
  readonly tenantId: string;
  /** When it was looked up, by the database's clock; all of it is of this moment. */
  readonly at: string;
  readonly state: TenantState;
  readonly stateSeconds: number;
  /** The number of the last event that was made about it. */
  readonly tenantSeq: string;
  /** The operation that has not ended. */
  readonly running: RunningOperation | null;
  /** Operations that have ended, by kind and outcome. */
  readonly operations: readonly EndedOperations[];
  /** Everybody who was ever asked about the tenant, by name. */
  readonly participants: readonly ParticipantMetrics[];
  /** What has not left the control plane; both are 0 when everything has. */
  readonly outbox: { readonly pending: number; readonly oldestSeconds: number };
}

export interface RunningOperation {
  readonly id: string;
  readonly operation: OperationKind;
  readonly seconds: number;
  readonly overdue: boolean;
}

export interface EndedOperations {
  readonly operation: OperationKind;
  readonly outcome: OperationState;
  readonly count: number;
  readonly totalSeconds: number;
  readonly longestSeconds: number;
  readonly lastEndedAt: string;
}

export interface ParticipantMetrics {
  readonly participant: string;
  /** How often it was asked for something, repetitions included. */
  readonly asked: number;
  /** How many of its tasks it has done. */
  readonly succeeded: number;
  /** Whether the present generation waits for an answer of it. */
  readonly waiting: boolean;
  /** For how long that has been asked for without a sign of progress; 0 when it is not waited for. */
  readonly unacknowledgedSeconds: number;
  /** Facts of the tenant that it has parked. */
  readonly parkedFacts: number;
}
