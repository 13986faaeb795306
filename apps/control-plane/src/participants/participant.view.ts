import type { Capability } from '@tenantry/contracts';
import { formatDurationMs } from '@tenantry/kernel';
import { SILENT_AFTER_MS } from './hear.js';
import { mismatchOf } from './mismatch.js';
import type { DeclaredBy, Participant, Reported } from './participant.entity.js';

export const PARTICIPANT_STATUSES = ['neverHeardFrom', 'alive', 'silent', 'retired'] as const;
export type ParticipantStatus = (typeof PARTICIPANT_STATUSES)[number];

/** How far a participant is with the tenants from before it. */
export interface CatchingUpView {
  readonly total: number;
  readonly done: number;
  readonly remaining: number;
  readonly startedAt: string;
  /** Null while it goes on. */
  readonly endedAt: string | null;
}

export interface RetirementView {
  readonly at: string;
  readonly by: string;
  readonly reason: string | null;
}

/** A participant as the world sees it. */
export interface ParticipantView {
  readonly name: string;
  readonly required: boolean;
  readonly capabilities: readonly Capability[];
  readonly stores: readonly string[];
  /** ISO 8601 duration. */
  readonly ackTimeout: string;
  readonly status: ParticipantStatus;
  readonly declaredBy: DeclaredBy;
  readonly softwareVersion: string | null;
  /** Present once there was a heartbeat. */
  readonly reported?: Reported;
  /** In words: where what it says of itself differs from what is declared. */
  readonly mismatch: readonly string[];
  /** Present where there were tenants before it. */
  readonly catchingUp?: CatchingUpView;
  /** Present while it is retired. */
  readonly retirement?: RetirementView;
  readonly version: number;
  readonly firstHeartbeatAt: string | null;
  readonly lastHeartbeatAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/**
 * @param now the database's time, which silence is reckoned by.
 * @param inHand how many tenants of its backlog are woken and not answered for.
 */
export function toParticipantView(participant: Participant, now: Date, inHand: number): ParticipantView {
  const catchingUp = catchingUpOf(participant, inHand);
  const retirement = retirementOf(participant);
  return {
    name: participant.name,
    required: participant.required,
    capabilities: participant.capabilities,
    stores: participant.stores,
    ackTimeout: formatDurationMs(participant.ackTimeoutMs),
    status: statusOf(participant, now),
    declaredBy: participant.declaredBy,
    softwareVersion: participant.softwareVersion,
    ...(participant.reported && { reported: participant.reported }),
    mismatch: mismatchOf(participant, isHeard(participant, now)),
    ...(catchingUp && { catchingUp }),
    ...(retirement && { retirement }),
    version: participant.version,
    firstHeartbeatAt: participant.firstHeartbeatAt?.toISOString() ?? null,
    lastHeartbeatAt: participant.lastHeartbeatAt?.toISOString() ?? null,
    createdAt: participant.createdAt.toISOString(),
    updatedAt: participant.updatedAt.toISOString(),
  };
}

function statusOf(participant: Participant, now: Date): ParticipantStatus {
  if (participant.retiredAt !== null) return 'retired';
  if (participant.lastHeartbeatAt === null) return 'neverHeardFrom';
  return isHeard(participant, now) ? 'alive' : 'silent';
}

function isHeard({ lastHeartbeatAt }: Participant, now: Date): boolean {
  return lastHeartbeatAt !== null && now.getTime() - lastHeartbeatAt.getTime() <= SILENT_AFTER_MS;
}

function catchingUpOf(participant: Participant, inHand: number): CatchingUpView | undefined {
  const { backfillStartedAt, backfillEndedAt, backfillTotal: total, backfillPassed: passed } = participant;
  // Not counted yet, or nobody was there before it.
  if (backfillStartedAt === null || total === null || (total === 0 && backfillEndedAt !== null))
    return undefined;
  // Some may have been purged since they were counted, and then are not passed one by one.
  const done = backfillEndedAt === null ? Math.min(total, Math.max(0, passed - inHand)) : total;
  return {
    total,
    done,
    remaining: total - done,
    startedAt: backfillStartedAt.toISOString(),
    endedAt: backfillEndedAt?.toISOString() ?? null,
  };
}

function retirementOf({ retiredAt, retiredBy, retireReason }: Participant): RetirementView | undefined {
  if (retiredAt === null || retiredBy === null) return undefined;
  return { at: retiredAt.toISOString(), by: retiredBy, reason: retireReason };
}
