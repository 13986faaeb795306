import type { RequestType, TenantState } from '@tenantry/contracts';
import { backoffMs } from '@tenantry/kernel';
import { publicState } from '../tenants/tenant.js';
import { conditionsOf, overdueAt, type PlannedCondition } from './conditions.js';
import { partsOf, type Join, type Part } from './parts.js';
import { isSilent, type Situation } from './situation.js';

/** One request event: the same type and attempt, for all who are due. */
export interface PlannedRequest {
  readonly type: RequestType;
  readonly attempt: number;
  readonly participants: readonly string[];
}

/** How an operation ends. */
export type Finish =
  | { readonly state: 'succeeded' }
  | { readonly state: 'failed'; readonly participant: string; readonly error: string };

/** The next step. Applying it twice, or after a lost wake-up, comes to the same. */
export interface Step {
  readonly joins: readonly Join[];
  readonly requests: readonly PlannedRequest[];
  /** How the unfinished operation ends now, if it does. */
  readonly finish?: Finish | undefined;
  readonly openPurge: boolean;
  readonly state: TenantState;
  /** Whether the routes of an active tenant may be opened now. */
  readonly openRoutes: boolean;
  /** Stores of an active tenant that must stay closed, because only participants that are not there yet own them. */
  readonly closedStores: readonly string[];
  readonly conditions: readonly PlannedCondition[];
  /** When to look again without being woken; `null` when there is nothing to wait for. */
  readonly waitUntil: Date | null;
  /** Everybody's share, for whoever explains the step. */
  readonly parts: readonly Part[];
}

/** Everything unfinished is looked at again at least this often, woken or not. */
export const LOOK_AGAIN_MS = 60_000;

/** Compares desired with observed and says what to do next. Pure: no clock, no I/O. */
export function reconcile(situation: Situation): Step {
  const { now, tenant, operation } = situation;
  const paused = tenant.pausedAt !== null;
  const unfinished = operation.state === 'pending' || operation.state === 'running';
  const { parts, joins } = partsOf(situation);
  const counted = parts.filter((part) => part.counted);
  // With nobody to ask, a tenant may end and be closed, but never be called active: nothing was provisioned.
  const allThere =
    counted.every((part) => part.passed) && (counted.length > 0 || tenant.desired !== 'active');
  const finish = unfinished && !paused ? ending(parts, allThere) : undefined;
  // What was announced at the operation's end stands until the next one, whatever participants are declared since.
  const everyone = (finish?.state ?? operation.state) === 'succeeded';
  const openPurge = !paused && everyone && allThere && purgeIsDue(situation);
  const given = operation.state === 'failed' || finish?.state === 'failed';
  const nextAttempts: Date[] = [];
  const due = paused || given || openPurge ? [] : dueParts(parts, unfinished, now, nextAttempts);
  const state = publicState({
    desired: tenant.desired,
    placed: situation.placed || tenant.desired === 'purged',
    wasActive: tenant.wasActive,
    deletionScheduled: tenant.purgeAfter !== null,
    everyone,
  });
  return {
    joins: paused ? [] : joins,
    requests: groupRequests(due),
    finish,
    openPurge,
    state,
    openRoutes: state === 'ACTIVE' && !paused,
    closedStores: closedStores(parts),
    conditions: conditionsOf(situation, parts, finish?.state),
    waitUntil: openPurge
      ? now
      : paused
        ? null
        : nextLook(situation, parts, unfinished, allThere, due, nextAttempts),
    parts,
  };
}

function purgeIsDue({ tenant, now }: Situation): boolean {
  return (
    tenant.desired === 'suspended' &&
    tenant.purgeAfter !== null &&
    tenant.purgeAfter <= now &&
    tenant.holdPlacedAt === null
  );
}

/** A store opens when everybody who is waited for and owns it has acknowledged; a skipped one has not. */
function closedStores(parts: readonly Part[]): string[] {
  const stores = (some: readonly Part[]): string[] => some.flatMap(({ participant }) => participant.stores);
  const served = new Set(stores(parts.filter(({ counted, satisfied }) => counted && satisfied)));
  return stores(parts.filter(({ satisfied }) => !satisfied)).filter((store) => !served.has(store));
}

function ending(parts: readonly Part[], allThere: boolean): Finish | undefined {
  const failed = parts.find(
    ({ counted, passed, task }) => counted && !passed && task?.state === 'failed' && task.retryable === false,
  );
  if (failed) {
    return {
      state: 'failed',
      participant: failed.participant.name,
      error: failed.task?.lastError ?? 'no reason was given',
    };
  }
  return allThere ? { state: 'succeeded' } : undefined;
}

/** Who must be asked now; the times of those who need not be asked yet are added to `later`. */
function dueParts(parts: readonly Part[], unfinished: boolean, now: Date, later: Date[]): Part[] {
  return parts.filter(({ passed, outdated, task, participant }) => {
    if (passed || participant.retiredAt !== null) return false;
    // Whoever works off a backlog is asked about a settled tenant when it comes to it, whatever woke the tenant.
    if (!task || task.attempts === 0) return unfinished || !participant.deferred;
    // An operator wants it asked, or what it has answered is out of date.
    if (task.addressedAt === null || outdated) return true;
    if (task.state === 'succeeded' || task.state === 'skipped') return false;
    if (task.state === 'failed' && task.retryable === false) return false;
    // The first request waits on its topic. Its next sign of life has it asked again; until then that would only pile up.
    if (isSilent(participant, now)) return false;
    if (task.nextAttemptAt && task.nextAttemptAt > now) {
      later.push(task.nextAttemptAt);
      return false;
    }
    return true;
  });
}

function groupRequests(due: readonly Part[]): PlannedRequest[] {
  const groups = Map.groupBy(due, ({ request, task }) => `${(task?.attempts ?? 0) + 1} ${request}`);
  return [...groups.values()].map((parts) => ({
    type: parts[0]!.request,
    attempt: (parts[0]!.task?.attempts ?? 0) + 1,
    participants: parts.map(({ participant }) => participant.name),
  }));
}

function nextLook(
  situation: Situation,
  parts: readonly Part[],
  unfinished: boolean,
  allThere: boolean,
  due: readonly Part[],
  later: readonly Date[],
): Date | null {
  const { now, tenant, backoff } = situation;
  const times = later.map((at) => at.getTime());
  for (const part of due) times.push(now.getTime() + backoffMs(backoff, (part.task?.attempts ?? 0) + 1));
  for (const { passed, task, participant } of parts) {
    if (passed || !task?.addressedAt) continue;
    const overdue = overdueAt(participant, task.addressedAt).getTime();
    if (overdue > now.getTime()) times.push(overdue);
  }
  if (!allThere && unfinished) times.push(now.getTime() + LOOK_AGAIN_MS);
  if (tenant.purgeAfter && tenant.purgeAfter > now) times.push(tenant.purgeAfter.getTime());
  return times.length === 0 ? null : new Date(Math.min(...times));
}
