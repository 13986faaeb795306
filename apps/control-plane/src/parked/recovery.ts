/** What can be asked for about a tenant's facts at one group. */
export const RECOVERY_KINDS = ['redrive', 'skip', 'replay'] as const;
export type RecoveryKind = (typeof RECOVERY_KINDS)[number];

/** A recovery is asked for again until it is answered. */
export const RECOVERY_STATES = ['pending', 'succeeded', 'failed'] as const;
export type RecoveryState = (typeof RECOVERY_STATES)[number];

/** Where a parked fact is: held back, applied after all, or given up. */
export const PARKED_STATES = ['parked', 'applied', 'skipped'] as const;
export type ParkedState = (typeof PARKED_STATES)[number];

/** One redrive, skip or replay. */
export interface Recovery {
  readonly id: string;
  readonly kind: RecoveryKind;
  readonly state: RecoveryState;
  readonly tenantId: string;
  readonly participant: string;
  readonly group: string;
  /** The parked fact's; of a replay, where it begins. */
  readonly tenantSeq: string;
  /** Of a replay: the last event that it covers. */
  readonly toSeq: string | null;
  readonly parkedId: string | null;
  /** The tenant's when it was asked for; the answer carries it. */
  readonly generation: number;
  /** How often it was asked for. */
  readonly attempts: number;
  readonly evidence: Record<string, unknown> | null;
  readonly error: string | null;
  readonly actor: string;
  readonly reason: string | null;
  readonly traceparent: string | null;
  readonly requestedAt: Date;
  readonly finishedAt: Date | null;
}

/** Whether a group's name can be one of this participant's: its own name, or that and a dot and more. */
export function isGroupOf(participant: string, group: string): boolean {
  return group === participant || group.startsWith(`${participant}.`);
}

/** How long a recovery is asked for again before it is given up. */
export const GIVE_UP_AFTER_MS = 86_400_000;

/** Why a redrive or a skip cannot be asked for now; undefined when it can. */
export function recoveryRefusal(
  parked: { readonly state: ParkedState },
  pending: Pick<Recovery, 'id' | 'kind'> | undefined,
): string | undefined {
  if (parked.state !== 'parked')
    return `The fact is ${parked.state} already, so there is nothing to do about it.`;
  return pending && pendingRefusal(pending);
}

/** Only one thing at a time is asked for about one tenant's queue, so that its end shows what it led to. */
export function pendingRefusal({ id, kind }: Pick<Recovery, 'id' | 'kind'>): string {
  return `The ${kind} ${id} of the same tenant at the same group has not been answered yet. Wait for it; it is given up after a day.`;
}
