import type { OperationState } from '@tenantry/contracts';
import type { Role } from '@tenantry/service';
import { isAttested, isOpen, operationRefusal, taskRefusal, undoneBy } from '../operations/operator-rules.js';
import { isLegal } from '../tenants/tenant.js';
import type { Blocker } from './blockers.js';
import type { Facts } from './facts.js';
import type { PartView } from './part.view.js';
import { at, list, OPERATION_NAME } from './words.js';

export const ACTIONS = [
  'resume',
  'retry',
  'skip',
  'attest',
  'cancel',
  'suspend',
  'reactivate',
  'delete',
  'cancel_deletion',
  'move_deletion',
  'pause',
  'place_legal_hold',
  'release_legal_hold',
] as const;
export type ActionName = (typeof ACTIONS)[number];

export interface ActionField {
  readonly name: string;
  readonly in: 'header' | 'query' | 'body';
  readonly required: boolean;
  readonly description: string;
}

/** Something that an operator can do now; the API would accept it. */
export interface Action {
  readonly action: ActionName;
  /** Whose task it is about; null: it is about the tenant or its operation. */
  readonly participant: string | null;
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly href: string;
  readonly role: Role;
  readonly fields: readonly ActionField[];
  /** What it would do. */
  readonly effect: string;
  /** Why it would help with what blocks the tenant now; null: it would not. */
  readonly helps: string | null;
}

/** What an operator can do now, what helps first. The rules are those that the API itself refuses by. */
export function actionsOf(facts: Facts, blockers: readonly Blocker[], views: readonly PartView[]): Action[] {
  const actions = [
    ...onOperation(facts, blockers, views),
    ...onLifecycle(facts),
    ...onAutomation(facts, blockers),
  ];
  const rank = ({ action, helps }: Action): number =>
    (helps === null ? ACTIONS.length : 0) + ACTIONS.indexOf(action);
  return actions.sort((a, b) => rank(a) - rank(b));
}

function onOperation({ rows }: Facts, blockers: readonly Blocker[], views: readonly PartView[]): Action[] {
  const { tenant, operation, tasks, participants } = rows;
  const { kind, state } = operation;
  const current = { kind, state, current: true, open: tasks.some(isOpen), attested: tasks.some(isAttested) };
  const href = `/v1/operations/${operation.id}`;
  const settled = state === 'succeeded';
  const isRetired = (name: string): boolean =>
    (participants.find((each) => each.name === name)?.retiredAt ?? null) !== null;
  // A settled tenant waits for nobody, but who failed for good does not come to it by itself.
  const stuckAt = (name: string): Blocker['kind'] | undefined =>
    kindOf(blockers, name) ??
    (settled && views.some(({ participant, status }) => participant === name && status === 'failed')
      ? 'failed'
      : undefined);
  const actions: Action[] = [];
  if (!operationRefusal('retry', current)) {
    const names = tasks
      .map(({ participant }) => participant)
      .filter((name) => ASKING_HELPS.has(stuckAt(name)) && !isRetired(name));
    const reopens = blockers.some(({ kind, participant }) => kind === 'failed' && participant === null);
    actions.push({
      ...post('retry', `${href}/retry`, OPTIONAL_REASON),
      effect:
        'Asks everyone who has not acknowledged again now, also who failed for good or is silent, with their whole time anew.',
      helps: retryHelps(state, names, reopens),
    });
  }
  const undoing = undoneBy(kind);
  if (undoing && !operationRefusal('cancel', current)) {
    actions.push({
      ...post('cancel', `${href}/cancel`, REASON),
      effect: `Ends the ${OPERATION_NAME[kind]} as cancelled and goes back by a ${OPERATION_NAME[undoing]}, with acknowledgements.`,
      helps: null,
    });
  }
  for (const task of tasks) {
    const known = participants.find(({ name }) => name === task.participant);
    const facts = {
      state: task.state,
      retryable: task.retryable,
      capabilities: known?.capabilities ?? [],
      retired: isRetired(task.participant),
    };
    const { participant } = task;
    const helps = BLOCKED.has(stuckAt(participant));
    const about = { participant, role: 'operator' } as const;
    if (!taskRefusal('skip', current, facts)) {
      actions.push({
        ...post('skip', `${href}/tasks/${participant}/skip`, REASON),
        ...about,
        effect: `Goes on without ${participant}: its stores stay as they are, and stores that it alone owns stay closed. Its own answer still counts when it comes.`,
        helps: helps ? skipHelps(settled, tenant.slug, participant) : null,
      });
    }
    if (!taskRefusal('attest', current, facts)) {
      const attested = facts.capabilities.includes('verify')
        ? `Says under your name that nothing is left, which ${participant} has not shown`
        : `Says under your name that ${participant}'s data is destroyed`;
      actions.push({
        ...post('attest', `${href}/tasks/${participant}/attest`, REASON),
        ...about,
        role: 'admin',
        effect: `${attested}; the certificate is marked incomplete.`,
        helps: helps ? `The purge would not wait for ${participant} any more.` : null,
      });
    }
  }
  return actions;
}

function onLifecycle({ rows }: Facts): Action[] {
  const { tenant, operation } = rows;
  const href = `/v1/tenants/${tenant.id}`;
  const unfinished = operation.state === 'pending' || operation.state === 'running';
  const supersedes = unfinished ? ` Supersedes the unfinished ${OPERATION_NAME[operation.kind]}.` : '';
  const actions: Action[] = [];
  if (isLegal('suspend', tenant.state)) {
    const effect = `Closes the tenant at once; its data stays.${supersedes}`;
    actions.push({ ...post('suspend', `${href}/suspend`, REASON), effect, helps: null });
  }
  if (isLegal('reactivate', tenant.state)) {
    const effect = `Opens the tenant again once everybody has acknowledged.${supersedes}`;
    actions.push({ ...post('reactivate', `${href}/reactivate`, REASON), effect, helps: null });
  }
  if (isLegal('delete', tenant.state)) {
    actions.push({
      ...post('delete', href, [GRACE_PERIOD, CONFIRM, inQuery(OPTIONAL_REASON)].flat()),
      method: 'DELETE',
      effect: `Closes the tenant at once and purges it after the grace period, until when it can be cancelled.${supersedes}`,
      helps: null,
    });
  }
  if (isLegal('cancel_deletion', tenant.state)) {
    actions.push({
      ...post('cancel_deletion', `${href}/deletion`, inQuery(OPTIONAL_REASON)),
      method: 'DELETE',
      effect: `Goes back to ${tenant.desiredBeforeDeletion ?? 'active'}, with acknowledgements; nothing is purged.`,
      helps: null,
    });
  }
  if (isLegal('move_deletion', tenant.state)) {
    const now = tenant.purgeAfter ? ` It is at ${at(tenant.purgeAfter)}.` : '';
    actions.push({
      ...post('move_deletion', `${href}/deletion`, [IF_MATCH, ...MOVE_DEADLINE]),
      method: 'PATCH',
      effect: `Moves the time of the purge, counted from when the deletion was asked for.${now}`,
      helps: null,
    });
  }
  return actions;
}

function onAutomation({ rows }: Facts, blockers: readonly Blocker[]): Action[] {
  const { tenant } = rows;
  const href = `/v1/tenants/${tenant.id}`;
  const actions: Action[] = [];
  if (tenant.pausedAt !== null) {
    const paused = blockers.some(({ kind }) => kind === 'paused');
    actions.push({
      ...post('resume', `${href}/resume`, OPTIONAL_REASON),
      effect: 'Lets automation go on: whoever is due is asked, and what is complete ends.',
      helps: paused ? 'Nothing goes on by itself before that.' : null,
    });
  } else if (tenant.state !== 'PURGED') {
    actions.push({
      ...post('pause', `${href}/pause`, REASON),
      effect:
        'Freezes automation for this tenant: nobody is asked, nothing ends, nothing is purged until it is resumed.',
      helps: null,
    });
  }
  if (tenant.desired !== 'purged') {
    const placed = tenant.holdPlacedAt !== null;
    actions.push({
      ...post('place_legal_hold', `${href}/legal-hold`, REASON),
      method: 'PUT',
      role: 'admin',
      effect: placed
        ? 'Changes the reason of the legal hold.'
        : 'Keeps the tenant from being purged until it is released.',
      helps: null,
    });
  }
  if (tenant.holdPlacedAt !== null) {
    const held = blockers.some(({ kind }) => kind === 'legalHold');
    actions.push({
      ...post('release_legal_hold', `${href}/legal-hold`, inQuery(OPTIONAL_REASON)),
      method: 'DELETE',
      role: 'admin',
      effect: 'Takes the legal hold away; a purge whose time has passed begins.',
      helps: held ? 'The purge cannot begin before that.' : null,
    });
  }
  return actions;
}

/** With whom it is stuck: who is only being waited for in time is not yet worth an operator's hand. */
const BLOCKED = new Set<Blocker['kind'] | undefined>([
  'failed',
  'remnants',
  'retired',
  'neverCameUp',
  'silent',
  'overdue',
  'failing',
]);

/** Who never came up has its first request waiting; whoever is retired is asked for nothing any more. */
const ASKING_HELPS = new Set<Blocker['kind'] | undefined>([
  'failed',
  'remnants',
  'silent',
  'overdue',
  'failing',
]);

function retryHelps(state: OperationState, names: readonly string[], reopens: boolean): string | null {
  if (names.length === 0) return reopens ? 'Nothing goes on by itself; the operation would run again.' : null;
  const ended = state === 'failed' || state === 'succeeded';
  const how = ended
    ? 'Nobody is asked again by itself; once the cause is gone'
    : 'Does not wait for the next attempt';
  return `${how}: ${list(names)} would be asked now.`;
}

function skipHelps(settled: boolean, slug: string, participant: string): string {
  return settled
    ? `${participant}'s failure would be settled; ${slug} does not wait for it.`
    : `${slug} would not wait for ${participant} any more.`;
}

function kindOf(blockers: readonly Blocker[], participant: string): Blocker['kind'] | undefined {
  return blockers.find((blocker) => blocker.participant === participant)?.kind;
}

const REASON: readonly ActionField[] = [
  { name: 'reason', in: 'body', required: true, description: 'For the audit.' },
];
const OPTIONAL_REASON: readonly ActionField[] = [
  { name: 'reason', in: 'body', required: false, description: 'For the audit.' },
];
const GRACE_PERIOD: ActionField = {
  name: 'gracePeriod',
  in: 'query',
  required: false,
  description: 'ISO 8601 duration such as P30D; the installation’s default when left out.',
};
const CONFIRM: ActionField = {
  name: 'confirm',
  in: 'query',
  required: false,
  description: 'The tenant’s slug, for a grace period under the installation’s minimum.',
};
const IF_MATCH: ActionField = {
  name: 'If-Match',
  in: 'header',
  required: true,
  description: 'The ETag of the tenant: its version in quotes.',
};
const MOVE_DEADLINE: readonly ActionField[] = [
  { ...GRACE_PERIOD, in: 'body', required: true, description: 'ISO 8601 duration such as P60D.' },
  { ...CONFIRM, in: 'body' },
  ...OPTIONAL_REASON,
];

function inQuery(fields: readonly ActionField[]): ActionField[] {
  return fields.map((field) => ({ ...field, in: 'query' }));
}

function post(
  action: ActionName,
  href: string,
  fields: readonly ActionField[],
): Pick<Action, 'action' | 'participant' | 'method' | 'href' | 'role' | 'fields'> {
  return { action, participant: null, method: 'POST', href, role: 'operator', fields };
}
