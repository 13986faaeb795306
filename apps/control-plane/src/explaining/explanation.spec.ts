import { describe, expect, it } from '@jest/globals';
import type { Access, ObservedState } from '@tenantry/contracts';
import { Operation } from '../operations/operation.entity.js';
import { Task } from '../operations/task.entity.js';
import { Participant } from '../participants/participant.entity.js';
import { TenantParticipant } from '../participants/tenant-participant.entity.js';
import { Route } from '../routing/route.entity.js';
import { Tenant } from '../tenants/tenant.entity.js';
import { explain, type Explained, type Explanation } from './explanation.js';
import type { Facts } from './facts.js';

const NOW = new Date('2026-01-01T12:00:00Z');
const ID = '01890000-0000-7000-8000-000000000001';
const later = (ms: number): Date => new Date(NOW.getTime() + ms);

interface Given {
  tenant?: Partial<Tenant>;
  operation?: Partial<Operation>;
  participants?: Participant[];
  observed?: Record<string, [ObservedState, number, number?]>;
  tasks?: Task[];
  placed?: boolean;
  access?: Access;
  superseded?: Partial<Operation>;
  wake?: Facts['wake'];
  sending?: Facts['sending'];
  parked?: Facts['parked'];
}

function participant(name: string, changes: Partial<Participant> = {}): Participant {
  return Object.assign(new Participant(), {
    name,
    required: true,
    capabilities: ['provision', 'suspend', 'reactivate', 'purge'],
    stores: ['primary'],
    ackTimeoutMs: 60_000,
    lastHeartbeatAt: later(-5000),
    retiredAt: null,
    ...changes,
  });
}

function task(name: string, changes: Partial<Task> = {}): Task {
  return Object.assign(new Task(), {
    participant: name,
    state: 'pending',
    attempts: 1,
    retryable: null,
    progress: null,
    lastError: null,
    decision: null,
    decidedBy: null,
    decidedAt: null,
    decisionReason: null,
    addressedAt: later(-10_000),
    nextAttemptAt: later(3000),
    createdAt: later(-10_000),
    updatedAt: later(-10_000),
    ...changes,
  });
}

function operation(changes: Partial<Operation> = {}): Operation {
  return Object.assign(new Operation(), {
    id: '01890000-0000-7000-8000-00000000000a',
    tenantId: ID,
    kind: 'provision',
    state: 'running',
    generation: 1,
    actor: 'api-key:k',
    reason: null,
    createdAt: later(-10_000),
    deadline: later(50_000),
    finishedAt: null,
    ...changes,
  });
}

function explained(given: Given = {}): Explained {
  const tenant: Tenant = Object.assign(new Tenant(), {
    id: ID,
    slug: 'acme',
    region: 'eu',
    desired: 'active',
    state: 'PROVISIONING',
    wasActive: false,
    generation: 1,
    version: 3,
    conditions: [],
    labels: {},
    desiredBeforeDeletion: null,
    deletionRequestedAt: null,
    purgeAfter: null,
    stateSince: later(-10_000),
    pausedAt: null,
    pausedBy: null,
    pauseReason: null,
    holdPlacedAt: null,
    holdPlacedBy: null,
    holdReason: null,
    createdAt: later(-20_000),
    updatedAt: later(-10_000),
    purgedAt: null,
    ...given.tenant,
  });
  const current = operation({ generation: tenant.generation, ...given.operation });
  const participants = given.participants ?? [participant('app'), participant('billing')];
  const known =
    given.observed ?? Object.fromEntries(participants.map(({ name }) => [name, ['none', 0] as const]));
  const observations = Object.entries(known).map(([name, [observed, observedGeneration, countsFrom = 1]]) =>
    Object.assign(new TenantParticipant(), { participant: name, observed, observedGeneration, countsFrom }),
  );
  const tasks = given.tasks ?? participants.map(({ name }) => task(name));
  const placed = given.placed ?? true;
  const routes = placed
    ? [Object.assign(new Route(), { store: 'primary', access: given.access ?? 'open' })]
    : [];
  return explain({
    rows: { tenant, operation: current, tasks, participants, observations, routes },
    situation: {
      now: NOW,
      tenant,
      placed,
      operation: current,
      participants,
      observations: new Map(observations.map((each) => [each.participant, each])),
      tasks: new Map(tasks.map((each) => [each.participant, each])),
      backoff: { baseMs: 5000, maxMs: 60_000 },
    },
    superseded: given.superseded ? operation(given.superseded) : null,
    wake: given.wake ?? null,
    sending: given.sending ?? { unsent: false, lastError: null },
    parked: given.parked ?? [],
  });
}

const told = (given: Given = {}): Explanation => explained(given).explanation;
const kinds = ({ blockedBy }: Explanation): string[] =>
  blockedBy.map(({ kind, participant: name }) => (name ? `${kind} ${name}` : kind));
const steps = ({ next }: Explanation): string[] =>
  next.map(({ kind, participant: name }) => (name ? `${kind} ${name}` : kind));
const offers = ({ actions }: Explanation): string[] =>
  actions.map(({ action, participant: name }) => (name ? `${action} ${name}` : action));
const helpful = ({ actions }: Explanation): string[] =>
  actions.flatMap(({ action, participant: name, helps }) =>
    helps ? [name ? `${action} ${name}` : action] : [],
  );

const DECIDED: Partial<Task> = {
  state: 'skipped',
  decision: 'skip',
  decidedBy: 'api-key:ops',
  decidedAt: later(-2000),
};
const FAILED: Partial<Task> = {
  state: 'failed',
  retryable: false,
  lastError: 'no such plan',
  nextAttemptAt: null,
};

/** A deletion that everybody has closed the tenant for. */
const SCHEDULED: Given = {
  tenant: {
    desired: 'suspended',
    state: 'DELETION_SCHEDULED',
    wasActive: true,
    generation: 2,
    desiredBeforeDeletion: 'active',
    deletionRequestedAt: later(-10_000),
    purgeAfter: later(86_400_000),
  },
  operation: { kind: 'delete', state: 'succeeded', finishedAt: later(-5000) },
  observed: { app: ['suspended', 2], billing: ['suspended', 2] },
  tasks: [task('app', { state: 'succeeded' }), task('billing', { state: 'succeeded' })],
};

const PURGING: Given = {
  tenant: { desired: 'purged', state: 'PURGING', wasActive: true, generation: 3 },
  operation: { kind: 'purge', actor: 'system:reconciler' },
  placed: false,
  participants: [participant('app'), participant('scanner', { capabilities: ['verify'], stores: [] })],
  observed: { app: ['suspended', 2] },
  tasks: [task('app')],
};

describe('a settled tenant', () => {
  it('is blocked by nobody and has nothing left to do', () => {
    const active = told({
      tenant: { state: 'ACTIVE', wasActive: true },
      operation: { state: 'succeeded', finishedAt: later(-5000) },
      observed: { app: ['active', 1], billing: ['active', 1] },
      tasks: [task('app', { state: 'succeeded' }), task('billing', { state: 'succeeded' })],
    });
    expect([kinds(active), steps(active), helpful(active)]).toEqual([[], ['nothing'], []]);
    expect(offers(active)).toEqual(['suspend', 'delete', 'pause', 'place_legal_hold']);
    expect(active.summary).toBe(
      'acme is ACTIVE since 2026-01-01 11:59:50 UTC: it is open, and everyone it waits for has acknowledged. Nothing is left to do.',
    );
    expect(active.participants.map(({ status }) => status)).toEqual(['done', 'done']);
  });

  it('is not called open where its stores stayed closed, nor acknowledged by who was decided about', () => {
    const skipped = told({
      tenant: { state: 'ACTIVE', wasActive: true },
      operation: { state: 'succeeded', finishedAt: later(-5000) },
      observed: { app: ['none', 0], billing: ['active', 1] },
      tasks: [task('app', DECIDED), task('billing', { state: 'succeeded' })],
      access: 'frozen',
    });
    expect(skipped.summary).toContain(
      'it may be open, but none of its stores is, and not everyone has acknowledged (app skipped by an operator).',
    );
    const attested = told({
      ...PURGING,
      tenant: { desired: 'purged', state: 'PURGED', generation: 3 },
      operation: { kind: 'purge', state: 'succeeded', finishedAt: NOW },
      participants: [participant('app')],
      tasks: [task('app', { ...DECIDED, decision: 'attest' })],
    });
    expect(attested.summary).toContain(
      'it counts as destroyed, and not everyone has acknowledged (app by an operator’s word alone).',
    );
    expect(attested.summary).not.toContain('everyone has shown it');
  });

  it('can be retried for, or skip, one that came late and failed for good', () => {
    const late = told({
      tenant: { state: 'ACTIVE', wasActive: true },
      operation: { state: 'succeeded', finishedAt: later(-5000) },
      participants: [participant('app'), participant('late')],
      observed: { app: ['active', 1], late: ['none', 0, 2] },
      tasks: [task('app', { state: 'succeeded' }), task('late', FAILED)],
    });
    expect([kinds(late), steps(late), helpful(late)]).toEqual([
      [],
      ['operator late'],
      ['retry', 'skip late'],
    ]);
  });

  it('offers nothing once it is purged', () => {
    const purged = told({
      tenant: { desired: 'purged', state: 'PURGED', generation: 3 },
      operation: { kind: 'purge', state: 'succeeded', finishedAt: NOW },
      placed: false,
      observed: { app: ['purged', 3], billing: ['purged', 3] },
      tasks: [],
    });
    expect([kinds(purged), steps(purged), offers(purged)]).toEqual([[], ['nothing'], []]);
  });

  it('names who is behind without waiting for it: an optional one, and one that catches up', () => {
    const active = told({
      tenant: { state: 'ACTIVE', wasActive: true },
      operation: { state: 'succeeded', finishedAt: later(-5000) },
      participants: [participant('app'), participant('mail', { required: false }), participant('search')],
      observed: { app: ['active', 1], mail: ['none', 0], search: ['none', 0, 2] },
      tasks: [task('app', { state: 'succeeded' }), task('mail'), task('search')],
    });
    expect(kinds(active)).toEqual([]);
    expect(active.summary).toContain(
      'Nobody waits for mail (optional) and search (catching up), which are not there yet.',
    );
    const parts = Object.fromEntries(active.participants.map((part) => [part.participant, part]));
    expect([parts['mail']?.catchingUp, parts['search']?.catchingUp]).toEqual([false, true]);
    expect(steps(active)).toEqual(['askAgain mail', 'askAgain search', 'overdue mail', 'overdue search']);
  });
});

describe('a settled tenant that a participant has yet to come to', () => {
  it('is asked about in its turn', () => {
    const late = participant('late');
    const active = told({
      tenant: { state: 'ACTIVE', wasActive: true },
      operation: { state: 'succeeded', finishedAt: later(-5000) },
      participants: [participant('app'), Object.assign(late, { deferred: true })],
      observed: { app: ['active', 1], late: ['none', 0, 2] },
      tasks: [task('app', { state: 'succeeded' })],
    });
    expect([kinds(active), steps(active)]).toEqual([[], ['askInTurn late']]);
    expect(active.participants.map(({ status }) => status)).toEqual(['inTurn', 'done']);
  });
});

describe('a tenant that waits for participants', () => {
  it('says who was asked, when it is asked again and when it is called overdue', () => {
    const waiting = told({
      tasks: [task('app', { state: 'succeeded' }), task('billing', { attempts: 2 })],
      observed: { app: ['active', 1], billing: ['none', 0] },
    });
    expect(kinds(waiting)).toEqual(['asked billing']);
    expect(waiting.blockedBy[0]).toMatchObject({
      since: '2026-01-01T11:59:50.000Z',
      message:
        'billing has not answered yet; it was asked twice since 2026-01-01 11:59:50 UTC to provision it.',
    });
    expect(waiting.next).toMatchObject([
      { kind: 'askAgain', participant: 'billing', at: '2026-01-01T12:00:03.000Z' },
      { kind: 'overdue', participant: 'billing', at: '2026-01-01T12:00:50.000Z' },
    ]);
    expect(helpful(waiting)).toEqual([]);
    expect(offers(waiting)).toEqual([
      'retry',
      'skip billing',
      'suspend',
      'delete',
      'pause',
      'place_legal_hold',
    ]);
  });

  it('tells of progress', () => {
    const [part] = told({
      participants: [participant('app')],
      tasks: [task('app', { state: 'in_progress', progress: 40 })],
    }).participants;
    expect([part?.status, part?.progress]).toEqual(['working', 40]);
    expect(part?.message).toBe(
      'app is working on it (40 %); it was asked once since 2026-01-01 11:59:50 UTC to provision it.',
    );
  });

  it.each([
    ['overdue', {}, { addressedAt: later(-70_000) }, 'billing is overdue since 2026-01-01 11:59:50 UTC'],
    [
      'silent',
      { lastHeartbeatAt: later(-91_000) },
      {},
      'billing was last heard from at 2026-01-01 11:58:29 UTC',
    ],
    ['neverCameUp', { lastHeartbeatAt: null }, {}, 'billing has never been heard from'],
    [
      'failing',
      {},
      { state: 'failed', retryable: true, lastError: 'disk full' },
      'Its last error: disk full.',
    ],
    ['working', {}, { state: 'in_progress' }, 'billing is working on it'],
  ] as const)('is blocked by one that is %s', (status, participantIs, taskIs, words) => {
    const blocked = told({
      participants: [participant('app'), participant('billing', participantIs)],
      observed: { app: ['active', 1], billing: ['none', 0] },
      tasks: [task('app', { state: 'succeeded' }), task('billing', taskIs)],
    });
    expect(kinds(blocked)).toEqual([`${status} billing`]);
    expect(blocked.blockedBy[0]?.message).toContain(words);
    expect(blocked.summary).toContain(words);
    const isThere = status !== 'neverCameUp';
    const help = isThere ? ['retry', 'skip billing'] : ['skip billing'];
    expect(helpful(blocked)).toEqual(status === 'working' ? [] : help);
  });

  it('asks a silent one only when it is heard from', () => {
    const silent = told({
      participants: [participant('app', { lastHeartbeatAt: later(-91_000) })],
      tasks: [task('app', { nextAttemptAt: later(-1) })],
    });
    expect(steps(silent)).toEqual(['askWhenHeard app', 'overdue app']);
  });

  it('names the last error, of whoever it is', () => {
    const failing = told({
      tasks: [
        task('app', { state: 'failed', retryable: true, lastError: 'first', updatedAt: later(-9000) }),
        task('billing', { state: 'failed', retryable: true, lastError: 'second', updatedAt: later(-8000) }),
      ],
    });
    expect(failing.lastError).toEqual({
      participant: 'billing',
      message: 'second',
      at: later(-8000).toISOString(),
    });
  });

  it('says what the operation took the place of', () => {
    const { operation: current } = told({
      tenant: { desired: 'suspended', state: 'SUSPENDING', generation: 2 },
      operation: { kind: 'suspend', reason: 'unpaid' },
      superseded: { kind: 'provision', state: 'superseded', actor: 'api-key:other' },
    });
    expect(current.superseded).toMatchObject({
      kind: 'provision',
      state: 'superseded',
      actor: 'api-key:other',
    });
    expect(current.message).toBe(
      'The suspension asked for by api-key:k at 2026-01-01 11:59:50 UTC (unpaid) is running. It took the place of the provisioning of api-key:other, which ended superseded.',
    );
  });

  it('says that the operation is overdue', () => {
    const late = told({ operation: { deadline: later(-1000) } }).operation;
    expect([late.overdue, late.message]).toEqual([
      true,
      expect.stringContaining('overdue since 2026-01-01 11:59:59 UTC'),
    ]);
  });
});

describe('a failed operation', () => {
  const failed: Given = {
    operation: { state: 'failed', finishedAt: later(-1000) },
    tasks: [
      task('app'),
      task('billing', { state: 'failed', retryable: false, lastError: 'no such plan', nextAttemptAt: null }),
    ],
  };

  it('goes nowhere until an operator acts', () => {
    const explanation = told(failed);
    expect(kinds(explanation)).toEqual(['failed billing', 'asked app']);
    expect(explanation.next).toEqual([
      {
        kind: 'operator',
        participant: null,
        at: null,
        message: 'Nothing by itself: billing failed for good, so an operator has to act.',
      },
    ]);
    expect(helpful(explanation)).toEqual(['retry', 'skip billing']);
    expect(explanation.summary).toContain('billing failed for good: no such plan. Also in the way: app.');
    expect(explanation.summary).toContain('An operator can retry or skip.');
  });
});

describe('a failed operation that nobody fails any more', () => {
  it('is to be retried', () => {
    const explanation = told({
      operation: { state: 'failed', finishedAt: later(-1000) },
      observed: { app: ['active', 1], billing: ['active', 1] },
      tasks: [task('app', { state: 'succeeded' }), task('billing', { state: 'succeeded' })],
    });
    expect([kinds(explanation), steps(explanation), helpful(explanation)]).toEqual([
      ['failed'],
      ['operator'],
      ['retry'],
    ]);
    expect(explanation.summary).toContain('An operator can retry.');
  });
});

describe('what is nobody’s fault', () => {
  it('is a lack of participants', () => {
    const nobody = told({ participants: [], tasks: [] });
    expect([kinds(nobody), steps(nobody)]).toEqual([['noParticipants'], ['operator']]);
  });

  it('is a lack of a place', () => {
    const conditions = [{ type: 'unplaceable', message: '', since: '2026-01-01T11:00:00.000Z' } as const];
    const lost = told({ tenant: { state: 'REQUESTED', conditions }, placed: false, tasks: [] });
    expect(kinds(lost)).toEqual(['unplaceable', 'notAsked app', 'notAsked billing']);
    expect(lost.blockedBy[0]).toMatchObject({ since: '2026-01-01T11:00:00.000Z' });
    expect(steps(lost)).toEqual(['operator']);
  });

  it('is placed and asked next when it is new', () => {
    const fresh = told({
      tenant: { state: 'REQUESTED' },
      operation: { state: 'pending' },
      placed: false,
      tasks: [],
      observed: {},
    });
    expect(steps(fresh)).toEqual(['place', 'ask app', 'ask billing']);
  });

  it('is the control plane itself: a step that fails, one that nobody takes, a message that does not leave', () => {
    const failing = told({ wake: { dueAt: later(2000), lastError: 'relation does not exist' } });
    expect(kinds(failing)[0]).toBe('controlPlane');
    expect(failing.lastError).toEqual({ participant: null, message: 'relation does not exist', at: null });
    const nobody = told({ wake: { dueAt: later(-60_000), lastError: null } });
    expect(nobody.blockedBy[0]).toMatchObject({ kind: 'controlPlane', since: later(-60_000).toISOString() });
    expect(kinds(told({ wake: { dueAt: later(-5000), lastError: null } }))).toEqual([
      'asked app',
      'asked billing',
    ]);
    const unsent = told({ sending: { unsent: true, lastError: 'broker not available' } });
    expect(unsent.blockedBy[0]?.message).toBe(
      'What was asked at 2026-01-01 11:59:50 UTC has not reached the message bus; the last try failed: broker not available.',
    );
    expect(kinds(told({ sending: { unsent: true, lastError: null } }))).toEqual([
      'asked app',
      'asked billing',
    ]);
  });
});

describe('what a participant holds back', () => {
  const mark = {
    id: '01890000-0000-7000-8000-00000000000a',
    participant: 'billing',
    group: 'billing',
    tenantSeq: 3,
    eventType: 'tenant.updated.v1',
    error: 'no such plan',
    since: '2026-01-01T11:00:00.000Z',
  };

  it('is named and said, and is in nobody’s way', () => {
    const held = told({ parked: [mark] });
    expect(held.parkedFacts).toEqual([mark]);
    expect(held.summary).toMatch(/billing holds back facts of it after one that could not be applied/);
    expect(kinds(held)).toEqual(kinds(told()));
    expect(told()).not.toHaveProperty('parkedFacts');
  });
});

describe('what an operator placed', () => {
  const by = { pausedAt: later(-3000), pausedBy: 'api-key:ops', pauseReason: 'incident 7' };

  it('pauses everything, and is the first thing to know', () => {
    const paused = told({ tenant: by });
    expect(kinds(paused)).toEqual(['paused', 'asked app', 'asked billing']);
    expect(paused.blockedBy[0]?.message).toBe('Automation is paused by api-key:ops: incident 7.');
    expect(paused.paused).toEqual({
      at: later(-3000).toISOString(),
      by: 'api-key:ops',
      reason: 'incident 7',
    });
    expect(steps(paused)).toEqual(['operator']);
    expect(helpful(paused)).toEqual(['resume']);
    expect(offers(paused)).not.toContain('pause');
  });

  it('is no blocker where there is nothing to do', () => {
    const paused = told({
      tenant: { ...by, state: 'ACTIVE', wasActive: true },
      operation: { state: 'succeeded', finishedAt: later(-5000) },
      observed: { app: ['active', 1], billing: ['active', 1] },
      tasks: [],
    });
    expect(kinds(paused)).toEqual([]);
  });

  it('holds a purge back', () => {
    const held = told({
      ...SCHEDULED,
      tenant: {
        ...SCHEDULED.tenant,
        purgeAfter: later(-1000),
        holdPlacedAt: later(-9000),
        holdPlacedBy: 'api-key:legal',
        holdReason: 'case 12',
      },
    });
    expect(kinds(held)).toEqual(['legalHold']);
    expect(held.blockedBy[0]?.message).toBe(
      'A legal hold by api-key:legal keeps the purge from beginning: case 12.',
    );
    expect(steps(held)).toEqual(['purgeAfterHold']);
    expect(helpful(held)).toEqual(['release_legal_hold']);
  });

  it('goes on without one participant', () => {
    const decided = {
      state: 'skipped',
      decision: 'skip',
      decidedBy: 'api-key:ops',
      decidedAt: later(-2000),
      decisionReason: 'it is gone',
    } as const;
    const skipped = told({ tasks: [task('app'), task('billing', decided)] });
    expect(kinds(skipped)).toEqual(['asked app']);
    const part = skipped.participants.find(({ participant: name }) => name === 'billing');
    expect(part).toMatchObject({
      status: 'decided',
      decision: { decision: 'skip', by: 'api-key:ops', at: later(-2000).toISOString(), reason: 'it is gone' },
      message: 'billing has not acknowledged; it was skipped by api-key:ops: it is gone.',
    });
  });
});

describe('a deletion', () => {
  it('waits for its time, which is nobody’s fault', () => {
    const scheduled = told(SCHEDULED);
    expect([kinds(scheduled), steps(scheduled)]).toEqual([[], ['purge']]);
    expect(scheduled.next[0]).toMatchObject({ at: later(86_400_000).toISOString() });
    expect(offers(scheduled)).toEqual(['cancel_deletion', 'move_deletion', 'pause', 'place_legal_hold']);
  });

  it('begins now when its time has come', () => {
    const due = told({ ...SCHEDULED, tenant: { ...SCHEDULED.tenant, purgeAfter: later(-1) } });
    expect(due.next[0]?.message).toBe('The grace period has ended: the purge begins now.');
  });

  it('waits for whoever has not closed the tenant, and can be cancelled as an operation too', () => {
    const open = told({
      ...SCHEDULED,
      operation: { kind: 'delete' },
      observed: { app: ['suspended', 2], billing: ['active', 1] },
      tasks: [task('billing')],
    });
    expect(kinds(open)).toEqual(['asked billing']);
    expect(offers(open)).toContain('cancel');
    expect(open.next.at(-1)?.message).toContain('not before everybody has closed the tenant');
  });

  it('is proved by a scan, which is known before it is asked', () => {
    const purging = told(PURGING);
    expect(kinds(purging)).toEqual(['asked app']);
    expect(purging.participants.map(({ participant: name, status }) => [name, status])).toEqual([
      ['app', 'asked'],
      ['scanner', 'later'],
    ]);
    expect(steps(purging)).toEqual(['verify', 'askAgain app', 'overdue app']);
    expect(offers(purging)).toEqual(['retry', 'attest app', 'pause']);
  });

  it('is blocked by what a scan finds, and nobody can attest that away', () => {
    const found = told({
      ...PURGING,
      operation: { kind: 'purge', state: 'failed', finishedAt: NOW },
      observed: { app: ['purged', 3], scanner: ['none', 0] },
      tasks: [
        task('app', { state: 'succeeded' }),
        task('scanner', {
          state: 'failed',
          retryable: false,
          lastError: 'rows remain in public.forgotten',
          nextAttemptAt: null,
        }),
      ],
    });
    expect(found.blockedBy).toMatchObject([{ kind: 'remnants', participant: 'scanner' }]);
    expect(found.summary).toContain(
      'scanner scanned for what is left and will not call it gone: rows remain in public.forgotten.',
    );
    expect(offers(found)).toEqual(['retry', 'pause']);
  });

  it('is blocked by a retired service that still holds the tenant', () => {
    const retired = told({
      ...PURGING,
      participants: [participant('app', { retiredAt: later(-86_400_000) })],
    });
    expect(kinds(retired)).toEqual(['retired app']);
    expect(helpful(retired)).toEqual(['attest app']);
    expect(steps(retired)).toContain('operator app');
  });
});

describe('a retired verifier', () => {
  it('can be attested for, and is not helped by asking', () => {
    const retired = told({
      ...PURGING,
      operation: { kind: 'purge', state: 'failed', finishedAt: NOW },
      participants: [
        participant('app'),
        participant('scanner', { capabilities: ['verify'], stores: [], retiredAt: later(-9000) }),
      ],
      observed: { app: ['purged', 3], scanner: ['none', 0] },
      tasks: [task('app', { state: 'succeeded' }), task('scanner', FAILED)],
    });
    expect([kinds(retired), helpful(retired)]).toEqual([['remnants scanner'], ['attest scanner']]);
  });
});

describe('the time at which an explanation changes by itself', () => {
  it('is the next that is told of', () => {
    expect(explained().changesAt).toEqual(later(3000));
    expect(explained(SCHEDULED).changesAt).toEqual(later(86_400_000));
    expect(
      explained({ tasks: [], participants: [], operation: { state: 'succeeded', finishedAt: NOW } })
        .changesAt,
    ).toBeNull();
  });

  it('is soon while the control plane itself is in the way', () => {
    expect(explained({ wake: { dueAt: later(60_000), lastError: 'x' } }).changesAt).toEqual(later(2000));
  });
});
