/** How far the walk over a participant's backlog is. */
export interface BacklogWalk {
  readonly backfillStartedAt: Date | null;
  readonly backfillEndedAt: Date | null;
  /** The last tenant that was taken up; null before the first. */
  readonly backfillCursor: string | null;
  /** The last one of all; null until they are counted. */
  readonly backfillUntil: string | null;
}

/**
 * Whether a settled tenant's turn is still to come: the walk wakes it in time, and whatever else wakes it before (another participant's
 * walk, say) must not have the participant asked for more tenants at a time than it is configured for.
 */
export function hasItsTurnAhead(walk: BacklogWalk, tenantId: string): boolean {
  const { backfillStartedAt, backfillEndedAt, backfillCursor: cursor, backfillUntil: until } = walk;
  if (backfillStartedAt === null || backfillEndedAt !== null) return false;
  return (cursor === null || tenantId > cursor) && (until === null || tenantId <= until);
}
