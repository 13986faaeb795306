import { describe, expect, it } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CRASH_POINTS, PAUSE_POINTS } from './crash-points.ts';
import { Dice } from './dice.ts';
import { killsOf, planFaults } from './fault-plan.ts';
import { judgeAnnouncements } from './judges/announcements.ts';
import { judgeDelivery } from './judges/delivery.ts';
import { judgeEffects } from './judges/effects.ts';
import { judgeHistory } from './judges/history.ts';
import { judgeRequests } from './judges/requests.ts';
import { MUTATIONS, patched } from './mutations.ts';
import type { Evidence, Finding, Note } from './reader/evidence.ts';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const TENANT = 'a';

/** Which requests go through which file of the kit. */
const STEPS_OF: Readonly<Record<string, readonly string[]>> = {
  'provision.ts': ['provision', 'reactivate'],
  'purge.ts': ['purge'],
  'suspend.ts': ['suspend'],
};

function namedInSources(): Set<string> {
  const names = new Set<string>();
  for (const file of globSync('{libs,apps}/*/src/**/*.ts', { cwd: ROOT })) {
    if (file.endsWith('.spec.ts')) continue;
    const source = readFileSync(path.join(ROOT, file), 'utf8');
    for (const [, name = ''] of source.matchAll(/crashPoint\('([^']+)'\)/g)) names.add(name);
    const requests = file.includes('/participant/') ? (STEPS_OF[path.basename(file)] ?? []) : [];
    for (const [, step = ''] of source.matchAll(/stepDone\(['`]([^'`$]+)/g))
      for (const request of requests) names.add(`kit.${request}.${step}`);
  }
  return names;
}

describe('the protections that can be taken out', () => {
  it.each(Object.entries(MUTATIONS))(
    '%s: are in the build where they are looked for',
    (_name, { patches }) => {
      for (const patch of patches) expect(patched(ROOT, patch)).not.toContain(patch.find);
    },
  );
});

describe('the named steps', () => {
  const listed = Object.values(CRASH_POINTS).flat();
  const named = namedInSources();
  // A reactivation makes what is missing by the same steps, which are named for both.
  const leftOut = new Set([
    'kit.reactivate.schema',
    'kit.reactivate.migration ',
    'kit.reactivate.seed',
    'kit.reactivate.marker',
    // No tenant has a database of its own here; tenant-database-crashes.long.e2e.ts ends the process at each step of those.
    'kit.suspend.login',
    'kit.purge.database',
  ]);

  it('are all in the list', () => {
    const missing = [...named].filter(
      (name) =>
        !leftOut.has(name) &&
        !listed.some((one) => one === name || (name.endsWith(' ') && one.startsWith(name))),
    );
    expect(missing).toEqual([]);
    expect(named.size).toBeGreaterThan(20);
  });

  it('are all in the code', () => {
    const unknown = [...listed, ...Object.values(PAUSE_POINTS).flat()].filter(
      (one) => ![...named].some((name) => one === name || (name.endsWith(' ') && one.startsWith(name))),
    );
    expect(unknown).toEqual([]);
  });
});

describe('the plan', () => {
  const plan = (seed: string, kills = 60) =>
    planFaults({ kills, kafka: true, pausedAt: [], dice: new Dice(seed).fork('faults') });

  it('is the same for the same seed, and another for another', () => {
    expect(plan('one')).toEqual(plan('one'));
    expect(plan('one')).not.toEqual(plan('two'));
  });

  it.each([12, 13, 60, 200])('has exactly %i kills, of everything that can be killed', (kills) => {
    for (const seed of ['one', 'two', 'three']) {
      const faults = plan(seed, kills).map(({ fault }) => fault);
      expect(faults.reduce((sum, fault) => sum + killsOf(fault), 0)).toBe(kills);
      for (const kind of ['kill', 'pause', 'network', 'postgres', 'broker', 'redelivery'])
        expect(faults.map((fault) => fault.kind)).toContain(kind);
    }
  });

  it('comes to every named step in a long run', () => {
    const points = plan('one', 400).flatMap(({ fault }) =>
      fault.kind === 'kill' && fault.at ? [fault.at] : [],
    );
    const reached = new Set(points.map((at) => at.replace(/:\d+$/, '')));
    expect(
      Object.values(CRASH_POINTS)
        .flat()
        .filter((point) => !reached.has(point)),
    ).toEqual([]);
  });
});

/** A tenant that was provisioned and suspended, as the reader finds it when nothing went wrong. */
function sound(): Evidence {
  let no = 0;
  const note = (
    kind: string,
    generation: number | null,
    detail: Note['detail'] = {},
    session = 's',
  ): Note => ({
    no: (no += 1),
    at: no,
    session,
    kind,
    tenant: TENANT,
    generation,
    detail,
  });
  const notes = {
    data: [
      note('position', null, { from: 0, to: 1 }),
      note('stored', 1, { attempt: 1 }),
      note('fence', 1, { access: 'frozen' }),
      note('begin', 1, { does: 'set_fence keep' }),
      note('step', 1, { does: 'maintain' }),
      note('schema', null, { name: 't_a' }),
      note('step', 1, { does: 'maintain' }),
      note('seeded', null, { name: 'admin' }),
      note('step', 1, { does: 'maintain' }),
      note('provisioned', 1),
      note('fence', 1, { access: 'open' }),
      note('step', 1, { does: 'set_fence open' }),
      note('answered', 1),
    ],
    control: [
      note('observed', 1, { fromGeneration: 0 }),
      note('operation', 1, { from: 'running', to: 'succeeded' }),
      note('route', 1, { access: 'open', revision: 2, fromRevision: 1, fromGeneration: 1 }),
      note('event', 1, { type: 'tenant.provisioned.v1' }),
      note('tenant', 1, {
        state: 'ACTIVE',
        fromState: 'PROVISIONING',
        version: 3,
        fromVersion: 2,
        seq: 2,
        fromSeq: 1,
      }),
    ],
    verifier: [note('position', null, { from: 0, to: 1 }), note('position', null, { from: 1, to: 2 })],
    later: [note('position', null, { from: 1, to: 2 })],
  };
  const event = (seq: number, type: string, data: object) => ({
    id: `e${seq}`,
    tenant: TENANT,
    seq,
    type,
    generation: 1,
    data: { operationId: 'o1', ...data },
  });
  const events = [
    event(1, 'tenant.provisioning_requested.v1', { attempt: 1, participants: ['reference'] }),
    event(2, 'tenant.provisioned.v1', {}),
  ];
  return {
    tenants: [{ id: TENANT, state: 'ACTIVE', desired: 'active', generation: 1, seq: 2 }],
    operations: [
      { id: 'o1', tenant: TENANT, kind: 'provision', state: 'succeeded', generation: 1, seconds: 1 },
    ],
    events,
    stateRecords: new Map([[TENANT, 'r2']]),
    controlNotes: notes.control,
    dataNotes: [...notes.data, ...notes.later],
    verifierNotes: notes.verifier,
    lifecycleTopic: events.map(({ id, seq, type }) => ({ id, seq, type, tenant: TENANT, partition: 0 })),
    stateTopic: ['r1', 'r2'].map((id, n) => ({
      id,
      seq: n,
      type: 'tenant.state.v1',
      tenant: TENANT,
      partition: 0,
    })),
    positions: { reference: new Map([[TENANT, 2]]), verifier: new Map([[TENANT, 2]]) },
  };
}

const SENT = {
  key: 'k',
  action: 'create' as const,
  tenantId: undefined,
  sent: 2,
  accepted: [{ operationId: 'o1', tenantId: TENANT, generation: 1 }],
  refused: undefined,
};

function judge(evidence: Evidence, requests = [SENT]): Finding[] {
  return [
    ...judgeRequests(requests, evidence),
    ...judgeHistory(evidence),
    ...judgeDelivery(evidence),
    ...judgeEffects(evidence),
    ...judgeAnnouncements(evidence),
  ];
}

describe('the judges', () => {
  it('find nothing where nothing went wrong', () => {
    expect(judge(sound())).toEqual([]);
  });

  /** What was planted, and as what it must be counted. */
  const planted: readonly [string, Finding['count'], (evidence: Evidence) => Evidence][] = [
    ['an accepted operation that is not there', 'lost', (e) => ({ ...e, operations: [] })],
    [
      'an operation that nobody asked for',
      'doubled',
      (e) => ({
        ...e,
        operations: [...e.operations, { ...e.operations[0]!, id: 'o2', generation: 2 }],
        tenants: [{ ...e.tenants[0]!, generation: 2 }],
      }),
    ],
    ['a gap in the sequence', 'lost', (e) => ({ ...e, events: e.events.slice(1) })],
    [
      'an event that was never sent',
      'lost',
      (e) => ({ ...e, lifecycleTopic: e.lifecycleTopic!.slice(0, 1) }),
    ],
    [
      'events that were first sent in another order',
      'outOfOrder',
      (e) => ({ ...e, lifecycleTopic: e.lifecycleTopic!.toReversed() }),
    ],
    ['an old state record on top', 'outOfOrder', (e) => ({ ...e, stateTopic: e.stateTopic!.toReversed() })],
    [
      'a consumer that stopped early',
      'lost',
      (e) => ({ ...e, positions: { ...e.positions, reference: new Map([[TENANT, 1]]) } }),
    ],
    ['a position that went back', 'outOfOrder', (e) => withNote(e, 'position', null, { from: 2, to: 1 })],
    ['a request that was taken in twice', 'doubled', (e) => withNote(e, 'stored', 1, { attempt: 1 })],
    ['a second seeding', 'doubled', (e) => withNote(e, 'seeded', null, { name: 'admin' })],
    [
      'a fence that went back',
      'outOfOrder',
      (e) => withNote(withNote(e, 'fence', 2, { access: 'frozen' }), 'fence', 1, { access: 'open' }),
    ],
    [
      'something after the tombstone',
      'outOfOrder',
      (e) => withNote(withNote(e, 'tombstone', 2), 'schema', null),
    ],
    ['an act of no operation', 'unrequested', (e) => withNote(e, 'freeze', 7)],
    ['a worker between the steps of another', 'overlapping', (e) => overlapping(e)],
    [
      'an end that is announced twice',
      'doubled',
      (e) => ({
        ...e,
        events: [...e.events, { ...e.events[1]!, id: 'e3', seq: 3 }],
        tenants: [{ ...e.tenants[0]!, seq: 3 }],
      }),
    ],
    [
      'an announcement before the effect',
      'early',
      (e) => ({ ...e, dataNotes: e.dataNotes.filter(({ kind }) => kind !== 'fence') }),
    ],
    [
      'an announcement before the acknowledgement',
      'early',
      (e) => ({ ...e, dataNotes: e.dataNotes.filter(({ kind }) => kind !== 'answered') }),
    ],
    [
      'an operation that came back to life',
      'outOfOrder',
      (e) => ({
        ...e,
        controlNotes: [
          ...e.controlNotes,
          { ...e.controlNotes[1]!, detail: { from: 'superseded', to: 'running' } },
        ],
      }),
    ],
  ];

  it.each(planted)('count %s as %s', (_what, count, plant) => {
    expect(new Set(judge(plant(sound())).map((finding) => finding.count))).toContain(count);
  });

  it('count a key that stands for two operations as doubled', () => {
    const twice = {
      ...SENT,
      accepted: [...SENT.accepted, { operationId: 'o2', tenantId: TENANT, generation: 2 }],
    };
    expect(judge(sound(), [twice]).map(({ count }) => count)).toContain('doubled');
  });
});

function withNote(
  evidence: Evidence,
  kind: string,
  generation: number | null,
  detail: Note['detail'] = {},
): Evidence {
  const note: Note = { no: 1000, at: 1000, session: 's', kind, tenant: TENANT, generation, detail };
  return { ...evidence, dataNotes: [...evidence.dataNotes, note] };
}

/** Another session begins a run of the same request and takes a step, and then the first goes on. */
function overlapping(evidence: Evidence): Evidence {
  const by = (session: string, kind: string): Note => ({
    no: 1000,
    at: 1000,
    session,
    kind,
    tenant: TENANT,
    generation: 1,
    detail: {},
  });
  const dataNotes = [...evidence.dataNotes, by('t', 'begin'), by('t', 'step'), by('s', 'step')];
  return { ...evidence, dataNotes };
}
