import type { TenantState } from '@tenantry/contracts';
import type { Route } from '../routing/route.entity.js';
import type { Action } from './actions.js';
import { blockedByWhom, type Blocker } from './blockers.js';
import type { Facts } from './facts.js';
import type { NextStep } from './next-steps.js';
import { parkedSentence } from './parked-mark.js';
import type { PartView } from './part.view.js';
import { at, list } from './words.js';

/** Two or three plain sentences: where the tenant is, what it waits for, and what comes next. */
export function summaryOf(
  facts: Facts,
  views: readonly PartView[],
  blockers: readonly Blocker[],
  next: readonly NextStep[],
  actions: readonly Action[],
): string {
  const { tenant } = facts.rows;
  const since = tenant.stateSince ?? tenant.updatedAt;
  const state = `${tenant.slug} is ${tenant.state} since ${at(since)}: ${meaningOf(facts, views)}.`;
  return [
    state,
    ...waiting(blockers, views),
    ...coming(blockers, next, actions),
    ...parkedSentence(facts.parked),
  ].join(' ');
}

function waiting(blockers: readonly Blocker[], views: readonly PartView[]): string[] {
  const [worst, ...others] = blockers;
  if (worst) {
    const more = others.length > 0 ? ` Also in the way: ${blockedByWhom(others)}.` : '';
    return [`${worst.message}${more}`];
  }
  const behind = views.filter(
    ({ waitedFor, status }) => !waitedFor && status !== 'done' && status !== 'later',
  );
  if (behind.length === 0) return [];
  const names = list(
    behind.map(({ participant, required }) => `${participant} (${required ? 'catching up' : 'optional'})`),
  );
  return [`Nobody waits for ${names}, which ${behind.length > 1 ? 'are' : 'is'} not there yet.`];
}

function coming(
  blockers: readonly Blocker[],
  next: readonly NextStep[],
  actions: readonly Action[],
): string[] {
  const help = actions.filter(({ helps }) => helps !== null);
  const first = next[0];
  if (!first) return [];
  const what = first.message;
  const stuck = blockers.length > 0 && help.length > 0;
  const names = [...new Set(help.map(({ action }) => action.replaceAll('_', ' ')))];
  return stuck ? [what, `An operator can ${names.join(' or ')}.`] : [what];
}

/** What the state means for this tenant: an operator's decision may have brought it there, and stores may have stayed closed. */
function meaningOf({ rows }: Facts, views: readonly PartView[]): string {
  const { tenant, routes } = rows;
  const who = acknowledgedBy(views.filter(({ waitedFor, status }) => waitedFor && status !== 'later'));
  switch (tenant.state) {
    case 'ACTIVE':
      return `${opennessOf(routes)}, and ${who}`;
    case 'SUSPENDED':
      return `it is closed, its data stays, and ${who}`;
    case 'PURGED':
      return views.every(({ status }) => status === 'done')
        ? 'its data is destroyed and everyone has shown it'
        : `it counts as destroyed, and ${who}`;
    default:
      return MEANING[tenant.state];
  }
}

function opennessOf(routes: readonly Route[]): string {
  const closed = routes.filter(({ access }) => access !== 'open').map(({ store }) => store);
  if (routes.length === 0) return 'it has no store';
  if (closed.length === 0) return 'it is open';
  if (closed.length === routes.length) return 'it may be open, but none of its stores is';
  return `it is open but for ${closed.length === 1 ? 'the store' : 'the stores'} ${list(closed)}`;
}

function acknowledgedBy(views: readonly PartView[]): string {
  const named = (chosen: readonly PartView[], how: string): string[] =>
    chosen.length === 0 ? [] : [`${list(chosen.map(({ participant }) => participant))} ${how}`];
  const decided = views.filter(({ status }) => status === 'decided');
  const attested = decided.filter(({ decision }) => decision?.decision === 'attest');
  const skipped = decided.filter(({ decision }) => decision?.decision !== 'attest');
  const without = [
    ...named(attested, 'by an operator’s word alone'),
    ...named(skipped, 'skipped by an operator'),
    ...named(
      views.filter(({ status }) => status !== 'done' && status !== 'decided'),
      'not yet',
    ),
  ];
  if (without.length === 0) return 'everyone it waits for has acknowledged';
  return `not everyone has acknowledged (${without.join('; ')})`;
}

const MEANING: Readonly<Record<Exclude<TenantState, 'ACTIVE' | 'SUSPENDED' | 'PURGED'>, string>> = {
  REQUESTED: 'it is to be active and has no place yet',
  PROVISIONING: 'it is being set up and was never active',
  SUSPENDING: 'its access is closed, and not everyone has acknowledged that yet',
  REACTIVATING: 'it is to be open again, and not everyone has acknowledged yet',
  DELETION_SCHEDULED: 'it is closed and is to be purged after its grace period',
  PURGING: 'its data is being destroyed, which cannot be cancelled',
};
