export const CONDITION_TYPES = [
  'failed',
  'overdue',
  'catchingUp',
  'noParticipants',
  'unplaceable',
  'neverHeardFrom',
  'silent',
  'skipped',
  'paused',
  'legalHold',
] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

/** Something that is true of a tenant beside its state, and never hides it. */
export interface Condition {
  readonly type: ConditionType;
  /** In words, naming the participant. */
  readonly message: string;
  /** RFC 3339 UTC: since when. */
  readonly since: string;
}
