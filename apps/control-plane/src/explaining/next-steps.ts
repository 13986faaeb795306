import { overdueAt } from '../reconciling/conditions.js';
import type { Step } from '../reconciling/reconciliation.js';
import type { Blocker } from './blockers.js';
import type { Facts } from './facts.js';
import type { PartView } from './part.view.js';
import { at, list, sentence } from './words.js';

export const NEXT_STEPS = [
  'operator',
  'place',
  'ask',
  'askAgain',
  'askWhenHeard',
  'askInTurn',
  'answer',
  'overdue',
  'finish',
  'verify',
  'purge',
  'purgeAfterHold',
  'nothing',
] as const;
export type NextStepKind = (typeof NEXT_STEPS)[number];

/** Something that happens next without anybody's doing, or what it waits for instead. */
export interface NextStep {
  readonly kind: NextStepKind;
  readonly participant: string | null;
  /** RFC 3339 UTC; null: at once, or when what it waits for has come. */
  readonly at: string | null;
  readonly message: string;
}

/** What happens next and when, soonest first; never empty. */
export function nextSteps(
  facts: Facts,
  step: Step,
  views: readonly PartView[],
  blockers: readonly Blocker[],
): NextStep[] {
  const { tenant, operation } = facts.rows;
  const steps: NextStep[] = [];
  if (tenant.pausedAt !== null) {
    const message =
      'Nothing by itself while automation is paused: answers are still taken in, but nobody is asked and nothing ends.';
    return [next('operator', message)];
  }
  if (operation.state === 'failed') {
    const failed = step.parts.find(
      ({ counted, task }) => counted && task?.state === 'failed' && !task.retryable,
    );
    const who = failed ? `${failed.participant.name} failed for good` : 'the operation failed';
    steps.push(next('operator', `Nothing by itself: ${who}, so an operator has to act.`));
  } else if (step.finish?.state === 'failed') {
    steps.push(next('finish', `The operation ends as failed: ${sentence(step.finish.error)}`));
  } else {
    steps.push(...asking(facts, step, views, blockers));
  }
  steps.push(...purging(facts, step, views));
  if (steps.length === 0) steps.push(next('nothing', 'Nothing is left to do.'));
  return steps.sort(bySoonest);
}

function asking(
  facts: Facts,
  step: Step,
  views: readonly PartView[],
  blockers: readonly Blocker[],
): NextStep[] {
  if (step.finish?.state === 'succeeded')
    return [next('finish', 'The operation ends: everybody has acknowledged.')];
  if (blockers.some(({ kind }) => kind === 'unplaceable'))
    return [
      next(
        'operator',
        'Nothing until a cluster of its region can take it and a participant declares a store.',
      ),
    ];
  if (blockers.some(({ kind }) => kind === 'noParticipants'))
    return [next('operator', 'Nothing until a required participant is declared.')];
  const { now } = facts.situation;
  const steps: NextStep[] = [];
  if (!facts.situation.placed && facts.rows.tenant.desired === 'active')
    steps.push(next('place', 'It is given a place on a cluster.'));
  const asked = new Set(step.requests.flatMap(({ participants }) => participants));
  for (const view of views) {
    if (asked.has(view.participant))
      steps.push(next('ask', `${view.participant} is asked now (attempt ${view.attempts + 1}).`, { view }));
    else steps.push(...waiting(view, now));
    steps.push(...lateness(step, view, now));
  }
  return steps;
}

/** What a participant that has been asked already waits for. */
function waiting(view: PartView, now: Date): NextStep[] {
  const { participant, status, nextAttemptAt, waitedFor } = view;
  const verifies = view.request === 'tenant.verification_requested.v1';
  switch (status) {
    case 'done':
    case 'decided':
    case 'later':
      return [];
    case 'failed':
      return waitedFor
        ? []
        : [next('operator', `${participant} failed for good and is not asked again.`, { view })];
    case 'retired':
      return [
        next(
          'operator',
          `Nothing is asked of ${participant} any more: it is retired. Attest ${verifies ? 'that nothing is left' : 'that its data is destroyed'}, or take it back.`,
          { view },
        ),
      ];
    case 'silent':
      return [
        next('askWhenHeard', `${participant} is asked again as soon as it gives a sign of life.`, { view }),
      ];
    case 'inTurn':
      return [next('askInTurn', `${participant} is asked when its backlog comes to this tenant.`, { view })];
    default:
      break;
  }
  if (nextAttemptAt === null) return [next('answer', `${participant} is waited for.`, { view })];
  const time = new Date(nextAttemptAt);
  const when = time > now ? `at ${at(time)}` : 'now';
  return [
    next('askAgain', `${participant} is asked again ${when} unless it answers before.`, { view, time }),
  ];
}

function lateness({ parts }: Step, view: PartView, now: Date): NextStep[] {
  const part = parts.find(({ participant }) => participant.name === view.participant);
  if (!part?.task?.addressedAt || part.passed || view.status === 'failed') return [];
  const time = overdueAt(part.participant, part.task.addressedAt);
  if (time <= now) return [];
  return [
    next('overdue', `${view.participant} is called overdue at ${at(time)} if it has not answered.`, {
      view,
      time,
    }),
  ];
}

function purging({ rows }: Facts, step: Step, views: readonly PartView[]): NextStep[] {
  const { tenant, operation } = rows;
  const steps: NextStep[] = [];
  const verifiers = views.filter(({ status }) => status === 'later').map(({ participant }) => participant);
  if (verifiers.length > 0 && operation.state !== 'failed') {
    const message = `${list(verifiers)} is asked to scan for what is left once everybody has destroyed its data.`;
    steps.push(next('verify', message));
  }
  if (step.openPurge) {
    steps.push(next('purge', 'The grace period has ended: the purge begins now.'));
  } else if (tenant.purgeAfter !== null && tenant.holdPlacedAt !== null) {
    const message = `The purge, due at ${at(tenant.purgeAfter)}, waits until the legal hold is released.`;
    steps.push(next('purgeAfterHold', message));
  } else if (tenant.purgeAfter !== null) {
    const closed = operation.state === 'succeeded' ? '' : ', and not before everybody has closed the tenant';
    const message = `The purge begins at ${at(tenant.purgeAfter)}${closed}; until then the deletion can be cancelled.`;
    steps.push(next('purge', message, { time: tenant.purgeAfter }));
  }
  return steps;
}

function next(
  kind: NextStepKind,
  message: string,
  { view, time }: { readonly view?: PartView; readonly time?: Date } = {},
): NextStep {
  return { kind, participant: view?.participant ?? null, at: time?.toISOString() ?? null, message };
}

/** What needs an operator first, then what happens at once, then by time. */
function bySoonest(a: NextStep, b: NextStep): number {
  const rank = ({ kind, at: time }: NextStep): number => (kind === 'operator' ? 0 : time === null ? 1 : 2);
  return rank(a) - rank(b) || (a.at ?? '').localeCompare(b.at ?? '');
}
