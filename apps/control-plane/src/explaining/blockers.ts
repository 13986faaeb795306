import type { Part } from '../reconciling/parts.js';
import { STALLED_AFTER_MS, unsentSince, type Facts } from './facts.js';
import type { PartView } from './part.view.js';
import { at, list, sentence } from './words.js';

/** What can stand in a tenant's way, in the order in which it is worth looking at. */
export const BLOCKER_KINDS = [
  'paused',
  'controlPlane',
  'messageBus',
  'noParticipants',
  'unplaceable',
  'remnants',
  'failed',
  'retired',
  'neverCameUp',
  'silent',
  'overdue',
  'failing',
  'notAsked',
  'inTurn',
  'asked',
  'working',
  'legalHold',
] as const;
export type BlockerKind = (typeof BLOCKER_KINDS)[number];

/** Who or what the tenant waits for. */
export interface Blocker {
  readonly kind: BlockerKind;
  /** Null: it is no participant. */
  readonly participant: string | null;
  /** RFC 3339 UTC; null when that was not kept. */
  readonly since: string | null;
  readonly message: string;
}

/** What keeps the tenant from where it should be; nothing when it is there, or when only its grace period runs. */
export function blockersOf(facts: Facts, parts: readonly Part[], views: readonly PartView[]): Blocker[] {
  const { tenant, operation } = facts.rows;
  const unreached = operation.state !== 'succeeded';
  const behind = parts.some(({ passed }) => !passed);
  const blockers: Blocker[] = [];
  if (tenant.pausedAt !== null && (unreached || behind || tenant.purgeAfter !== null)) {
    blockers.push(
      blocker(
        'paused',
        tenant.pausedAt,
        `Automation is paused by ${tenant.pausedBy ?? 'an operator'}: ${sentence(tenant.pauseReason ?? 'no reason was given')}`,
      ),
    );
  }
  if (unreached || behind) blockers.push(...machinery(facts));
  if (unreached) blockers.push(...missing(facts, parts), ...waitedFor(views));
  if (
    operation.state === 'failed' &&
    !blockers.some(({ kind }) => kind === 'failed' || kind === 'remnants')
  ) {
    // Whoever failed has acknowledged since, or takes part no longer.
    const message =
      'The operation failed, and nothing goes on by itself, though nobody fails any more: retry it.';
    blockers.push(blocker('failed', operation.finishedAt, message));
  }
  if (tenant.holdPlacedAt !== null && tenant.purgeAfter !== null) {
    const who = tenant.holdPlacedBy ?? 'an operator';
    const why = sentence(tenant.holdReason ?? 'no reason was given');
    blockers.push(
      blocker(
        'legalHold',
        tenant.holdPlacedAt,
        `A legal hold by ${who} keeps the purge from beginning: ${why}`,
      ),
    );
  }
  return blockers.sort((a, b) => BLOCKER_KINDS.indexOf(a.kind) - BLOCKER_KINDS.indexOf(b.kind));
}

/** The control plane's own part: a tenant can be stuck while every service is well. */
function machinery(facts: Facts): Blocker[] {
  const { wake, sending } = facts;
  const { now } = facts.situation;
  const found: Blocker[] = [];
  if (wake?.lastError) {
    const message = `The control plane cannot take the next step and tries again at ${at(wake.dueAt)}: ${sentence(wake.lastError)}`;
    found.push(blocker('controlPlane', null, message));
  } else if (wake && now.getTime() - wake.dueAt.getTime() > STALLED_AFTER_MS) {
    const message = `The next step is due since ${at(wake.dueAt)} and no worker takes it: is a control-plane worker running?`;
    found.push(blocker('controlPlane', wake.dueAt, message));
  }
  const since = unsentSince(facts);
  const { lastError } = sending;
  if (since && (lastError || now.getTime() - since.getTime() > STALLED_AFTER_MS)) {
    const why = lastError
      ? `the last try failed: ${sentence(lastError)}`
      : 'is a control-plane worker running?';
    found.push(
      blocker('messageBus', since, `What was asked at ${at(since)} has not reached the message bus; ${why}`),
    );
  }
  return found;
}

function missing({ rows, situation }: Facts, parts: readonly Part[]): Blocker[] {
  const { tenant } = rows;
  if (tenant.desired !== 'active') return [];
  const since = (type: string): Date | null => {
    const known = tenant.conditions.find((condition) => condition.type === type);
    return known ? new Date(known.since) : null;
  };
  const found: Blocker[] = [];
  if (!parts.some(({ counted }) => counted)) {
    const message = 'No required participant is declared, so nothing can be provisioned.';
    found.push(blocker('noParticipants', since('noParticipants'), message));
  }
  if (!situation.placed && since('unplaceable')) {
    const message = `There is no place for it: no cluster of the region ${tenant.region} can take it, or no participant declares a store.`;
    found.push(blocker('unplaceable', since('unplaceable'), message));
  }
  return found;
}

function waitedFor(views: readonly PartView[]): Blocker[] {
  return views.flatMap((part) => {
    const { participant, message, status } = part;
    if (!part.waitedFor || status === 'done' || status === 'decided' || status === 'later') return [];
    const remnants = status === 'failed' && part.request === 'tenant.verification_requested.v1';
    return [{ kind: remnants ? 'remnants' : status, participant, since: sinceOf(part), message }];
  });
}

function sinceOf(part: PartView): string | null {
  switch (part.status) {
    case 'silent':
      return part.heardAt;
    case 'overdue':
      return part.overdueSince;
    case 'retired':
      return part.retiredAt;
    default:
      return part.askedAt;
  }
}

function blocker(kind: BlockerKind, since: Date | null, message: string): Blocker {
  return { kind, participant: null, since: since?.toISOString() ?? null, message };
}

/** Who blocks, in one line for a list. */
export function blockedByWhom(blockers: readonly Blocker[]): string {
  const names = [
    ...new Set(blockers.map(({ participant, kind }) => participant ?? NO_PARTICIPANT[kind] ?? kind)),
  ];
  return names.length === 0 ? 'nobody' : list(names);
}

const NO_PARTICIPANT: Readonly<Partial<Record<BlockerKind, string>>> = {
  paused: 'an operator’s pause',
  legalHold: 'a legal hold',
  controlPlane: 'the control plane itself',
  messageBus: 'the message bus',
  noParticipants: 'the lack of participants',
  unplaceable: 'the lack of a place',
  failed: 'the failed operation',
};
