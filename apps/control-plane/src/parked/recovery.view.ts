import type { Recovery, RecoveryKind, RecoveryState } from './recovery.js';

/** A redrive, skip or replay as the world sees it: plain JSON, times in RFC 3339 UTC. */
export interface RecoveryView {
  readonly id: string;
  readonly kind: RecoveryKind;
  readonly state: RecoveryState;
  readonly tenantId: string;
  readonly participant: string;
  readonly group: string;
  /** The parked fact's sequence; of a replay, where it begins. */
  readonly fromSeq: number;
  /** Of a replay: the last event that it covers. */
  readonly toSeq: number | null;
  readonly parkedId: string | null;
  /** How often it was asked for. */
  readonly attempts: number;
  /** How many facts were applied, once the participant has said so. */
  readonly applied: number | null;
  readonly error: string | null;
  readonly actor: string;
  readonly reason: string | null;
  readonly requestedAt: string;
  readonly finishedAt: string | null;
}

export function toRecoveryView(recovery: Recovery): RecoveryView {
  const { tenantSeq, toSeq, evidence, requestedAt, finishedAt } = recovery;
  const { id, kind, state, tenantId, participant, group, parkedId, attempts, error, actor, reason } =
    recovery;
  const applied = evidence?.['applied'];
  return {
    id,
    kind,
    state,
    tenantId,
    participant,
    group,
    fromSeq: Number(tenantSeq),
    toSeq: toSeq === null ? null : Number(toSeq),
    parkedId,
    attempts,
    applied: typeof applied === 'number' ? applied : null,
    error,
    actor,
    reason,
    requestedAt: requestedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}
