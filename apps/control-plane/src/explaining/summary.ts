import type { TenantState } from '@tenantry/contracts';
import type { Action } from './actions.js';
import { blockedByWhom, type Blocker } from './blockers.js';
import type { Facts } from './facts.js';
import type { NextStep } from './next-steps.js';
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
  const state = `${tenant.slug} is ${tenant.state} since ${at(since)}: ${MEANING[tenant.state]}.`;
  return [state, ...waiting(blockers, views), ...coming(blockers, next, actions)].join(' ');
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

const MEANING: Readonly<Record<TenantState, string>> = {
  REQUESTED: 'it is to be active and has no place yet',
  PROVISIONING: 'it is being set up and was never active',
  ACTIVE: 'it is open, and everyone it waits for has acknowledged',
  SUSPENDING: 'its access is closed, and not everyone has acknowledged that yet',
  SUSPENDED: 'it is closed, its data stays, and everyone has acknowledged',
  REACTIVATING: 'it is to be open again, and not everyone has acknowledged yet',
  DELETION_SCHEDULED: 'it is closed and is to be purged after its grace period',
  PURGING: 'its data is being destroyed, which cannot be cancelled',
  PURGED: 'its data is destroyed and everyone has shown it',
};
