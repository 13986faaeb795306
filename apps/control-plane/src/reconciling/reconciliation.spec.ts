import { describe, expect, it } from '@jest/globals';
import type { DesiredState, ObservedState, OperationKind, OperationState } from '@tenantry/contracts';
import fc from 'fast-check';
import { reconcile } from './reconciliation.js';
import type { ObservationFacts, ParticipantFacts, Situation, TaskFacts } from './situation.js';

const NOW = new Date('2026-01-01T12:00:00Z');
const later = (ms: number): Date => new Date(NOW.getTime() + ms);

function participant(name: string, changes: Partial<ParticipantFacts> = {}): ParticipantFacts {
  return {
    name,
    required: true,
    capabilities: ['provision', 'suspend', 'reactivate', 'purge'],
    stores: ['primary'],
    ackTimeoutMs: 60_000,
    declaredBy: 'operator',
    lastHeartbeatAt: NOW,
    retiredAt: null,
    ...changes,
  };
}

function observed(state: ObservedState, generation: number, countsFrom = 1): ObservationFacts {
  return { observed: state, observedGeneration: generation, countsFrom };
}

function task(changes: Partial<TaskFacts> = {}): TaskFacts {
  return {
    state: 'pending',
    attempts: 1,
    retryable: null,
    addressedAt: NOW,
    nextAttemptAt: later(5000),
    lastError: null,
    decision: null,
    finishedAt: null,
    countsFromAt: null,
    ...changes,
  };
}

interface Given {
  desired?: DesiredState;
  generation?: number;
  kind?: OperationKind;
  operationState?: OperationState;
  wasActive?: boolean;
  purgeAfter?: Date | null;
  pausedAt?: Date;
  holdPlacedAt?: Date;
  placed?: boolean;
  participants?: ParticipantFacts[];
  observations?: Record<string, ObservationFacts>;
  tasks?: Record<string, TaskFacts>;
}

function situation(given: Given = {}): Situation {
  return {
    now: NOW,
    tenant: {
      desired: given.desired ?? 'active',
      generation: given.generation ?? 1,
      wasActive: given.wasActive ?? false,
      purgeAfter: given.purgeAfter ?? null,
      pausedAt: given.pausedAt ?? null,
      holdPlacedAt: given.holdPlacedAt ?? null,
    },
    placed: given.placed ?? true,
    operation: { kind: given.kind ?? 'provision', state: given.operationState ?? 'running' },
    participants: given.participants ?? [participant('a'), participant('b')],
    observations: new Map(
      Object.entries(given.observations ?? { a: observed('none', 0), b: observed('none', 0) }),
    ),
    tasks: new Map(Object.entries(given.tasks ?? {})),
    backoff: { baseMs: 5000, maxMs: 60_000 },
  };
}

describe('reconcile', () => {
  it('asks everyone who has not been asked, in one request', () => {
    const step = reconcile(situation());
    expect(step.requests).toEqual([
      { type: 'tenant.provisioning_requested.v1', attempt: 1, participants: ['a', 'b'] },
    ]);
    expect(step.state).toBe('PROVISIONING');
    expect(step.finish).toBeUndefined();
  });

  it('is not active before the last required participant has acknowledged this generation', () => {
    const one = reconcile(
      situation({ observations: { a: observed('active', 1), b: observed('none', 0) }, tasks: { b: task() } }),
    );
    expect(one.state).toBe('PROVISIONING');
    const both = reconcile(
      situation({ observations: { a: observed('active', 1), b: observed('active', 1) } }),
    );
    expect(both.state).toBe('ACTIVE');
    expect(both.finish).toEqual({ state: 'succeeded' });
  });

  it('does not take an older generation’s acknowledgement for this one’s', () => {
    const step = reconcile(
      situation({
        generation: 3,
        kind: 'reactivate',
        wasActive: true,
        observations: { a: observed('active', 1), b: observed('active', 3) },
      }),
    );
    expect(step.state).toBe('REACTIVATING');
    expect(step.requests).toEqual([
      { type: 'tenant.reactivation_requested.v1', attempt: 1, participants: ['a'] },
    ]);
  });

  it('waits for the back-off, then asks only those who are due, with a higher attempt', () => {
    const tasks = {
      a: task({ attempts: 2, nextAttemptAt: later(-1) }),
      b: task({ nextAttemptAt: later(3000) }),
    };
    const step = reconcile(situation({ tasks }));
    expect(step.requests).toEqual([
      { type: 'tenant.provisioning_requested.v1', attempt: 3, participants: ['a'] },
    ]);
    expect(step.waitUntil).toEqual(later(3000));
  });

  it('lets an optional participant only warn', () => {
    const participants = [participant('a'), participant('b', { required: false })];
    const tasks = { b: task({ state: 'failed', retryable: false, lastError: 'disk full' }) };
    const step = reconcile(
      situation({ participants, tasks, observations: { a: observed('active', 1), b: observed('none', 0) } }),
    );
    expect(step.state).toBe('ACTIVE');
    expect(step.conditions).toEqual([{ type: 'failed', message: 'b: disk full' }]);
  });

  it('ends the operation as failed when a required participant fails for good, and asks no more', () => {
    const tasks = { a: task({ state: 'failed', retryable: false, lastError: 'no such model' }) };
    const step = reconcile(situation({ tasks }));
    expect(step.finish).toEqual({ state: 'failed', participant: 'a', error: 'no such model' });
    expect(step.requests).toEqual([]);
    expect(step.state).toBe('PROVISIONING');
    const after = reconcile(situation({ tasks, operationState: 'failed' }));
    expect(after.requests).toEqual([]);
    expect(after.finish).toBeUndefined();
    expect(after.conditions).toContainEqual({ type: 'failed', message: 'a: no such model' });
  });

  it('never calls a tenant active that nobody was asked to provision', () => {
    const step = reconcile(situation({ participants: [], observations: {} }));
    expect(step.state).toBe('PROVISIONING');
    expect(step.conditions.map(({ type }) => type)).toEqual(['noParticipants']);
  });

  it('counts a participant that joins during an operation at once, and one that joins later from the next generation on', () => {
    const participants = [participant('a'), participant('late')];
    const during = reconcile(situation({ participants, observations: { a: observed('active', 1) } }));
    expect(during.joins).toEqual([{ participant: 'late', countsFrom: 1 }]);
    expect(during.state).toBe('PROVISIONING');
    const afterwards = reconcile(
      situation({ participants, operationState: 'succeeded', observations: { a: observed('active', 1) } }),
    );
    expect(afterwards.joins).toEqual([{ participant: 'late', countsFrom: 2 }]);
    expect(afterwards.state).toBe('ACTIVE');
    expect(afterwards.requests).toEqual([
      { type: 'tenant.provisioning_requested.v1', attempt: 1, participants: ['late'] },
    ]);
    expect(afterwards.conditions.map(({ type }) => type)).toEqual(['catchingUp']);
  });

  it('opens the purge only after the deadline and only once everyone has closed the tenant', () => {
    const given: Given = { desired: 'suspended', kind: 'delete', generation: 2, wasActive: true };
    const closed = { a: observed('suspended', 2), b: observed('suspended', 2) };
    expect(reconcile(situation({ ...given, purgeAfter: later(1), observations: closed })).openPurge).toBe(
      false,
    );
    const half = { a: observed('suspended', 2), b: observed('active', 1) };
    expect(reconcile(situation({ ...given, purgeAfter: later(-1), observations: half })).openPurge).toBe(
      false,
    );
    const step = reconcile(situation({ ...given, purgeAfter: NOW, observations: closed }));
    expect(step.openPurge).toBe(true);
    expect(step.finish).toEqual({ state: 'succeeded' });
    expect(step.state).toBe('DELETION_SCHEDULED');
  });

  it('waits for the deadline of a scheduled deletion, however far it is', () => {
    const step = reconcile(
      situation({
        desired: 'suspended',
        kind: 'delete',
        generation: 2,
        operationState: 'succeeded',
        purgeAfter: later(30 * 86_400_000),
        observations: { a: observed('suspended', 2), b: observed('suspended', 2) },
      }),
    );
    expect(step.waitUntil).toEqual(later(30 * 86_400_000));
  });

  it('asks nobody new to purge', () => {
    const step = reconcile(
      situation({
        desired: 'purged',
        kind: 'purge',
        generation: 3,
        placed: false,
        observations: { a: observed('suspended', 2) },
      }),
    );
    expect(step.joins).toEqual([]);
    expect(step.requests).toEqual([{ type: 'tenant.purge_requested.v1', attempt: 1, participants: ['a'] }]);
  });

  it('says who is overdue', () => {
    const tasks = { a: task({ addressedAt: later(-60_000), lastError: 'timeout' }), b: task() };
    const step = reconcile(situation({ tasks }));
    expect(step.conditions).toEqual([
      { type: 'overdue', message: 'a has not acknowledged in time; its last error: timeout' },
    ]);
  });

  it('asks and counts only those who have the capability', () => {
    const participants = [participant('a'), participant('b', { capabilities: ['provision', 'purge'] })];
    const step = reconcile(
      situation({
        desired: 'suspended',
        kind: 'suspend',
        generation: 2,
        participants,
        observations: { a: observed('suspended', 2), b: observed('active', 1) },
      }),
    );
    expect(step.state).toBe('SUSPENDED');
  });

  it('keeps what an ended operation came to, whatever participants are declared since', () => {
    const behind = { a: observed('active', 1), b: observed('none', 0) };
    expect(reconcile(situation({ operationState: 'succeeded', observations: behind })).state).toBe('ACTIVE');
    const there = { a: observed('active', 1), b: observed('active', 1) };
    expect(reconcile(situation({ operationState: 'failed', observations: there })).state).toBe(
      'PROVISIONING',
    );
  });

  it('keeps a store closed that only a participant owns which is catching up', () => {
    const participants = [participant('a'), participant('late', { stores: ['billing', 'primary'] })];
    const given = {
      participants,
      operationState: 'succeeded' as const,
      observations: { a: observed('active', 1), late: observed('none', 0, 2) },
    };
    expect(reconcile(situation(given)).closedStores).toEqual(['billing']);
    expect(
      reconcile(
        situation({ ...given, observations: { a: observed('active', 1), late: observed('active', 1, 2) } }),
      ).closedStores,
    ).toEqual([]);
  });

  it('counts an optional participant for a purge', () => {
    const participants = [participant('a'), participant('b', { required: false })];
    const given = { desired: 'purged', kind: 'purge', generation: 3, placed: false, participants } as const;
    expect(
      reconcile(
        situation({
          ...given,
          participants,
          observations: { a: observed('purged', 3), b: observed('suspended', 2) },
        }),
      ).state,
    ).toBe('PURGING');
    expect(
      reconcile(
        situation({
          ...given,
          participants,
          observations: { a: observed('purged', 3), b: observed('purged', 3) },
        }),
      ).state,
    ).toBe('PURGED');
  });

  it('has a purge verified once everyone has destroyed, and is not purged before', () => {
    const given = {
      desired: 'purged',
      kind: 'purge',
      generation: 3,
      participants: [participant('a'), participant('scan', { capabilities: ['verify'], stores: [] })],
    } as const;
    const before = reconcile(
      situation({
        ...given,
        participants: [...given.participants],
        observations: { a: observed('active', 2) },
      }),
    );
    expect(before.requests).toEqual([{ type: 'tenant.purge_requested.v1', attempt: 1, participants: ['a'] }]);
    expect(before.joins).toEqual([]);
    const destroyed = reconcile(
      situation({
        ...given,
        participants: [...given.participants],
        observations: { a: observed('purged', 3) },
      }),
    );
    expect(destroyed.requests).toEqual([
      { type: 'tenant.verification_requested.v1', attempt: 1, participants: ['scan'] },
    ]);
    expect(destroyed.joins).toEqual([{ participant: 'scan', countsFrom: 3 }]);
    expect(destroyed.state).toBe('PURGING');
    const verified = reconcile(
      situation({
        ...given,
        participants: [...given.participants],
        observations: { a: observed('purged', 3), scan: observed('purged', 3, 3) },
      }),
    );
    expect(verified.state).toBe('PURGED');
  });

  it('asks no verifier before a purge, and none about a tenant that is purged already', () => {
    const verifier = participant('scan', { capabilities: ['verify'], stores: [] });
    const provisioning = reconcile(situation({ participants: [participant('a'), verifier] }));
    expect(provisioning.requests[0]?.participants).toEqual(['a']);
    expect(provisioning.joins).toEqual([]);
    const purged = reconcile(
      situation({
        desired: 'purged',
        kind: 'purge',
        operationState: 'succeeded',
        participants: [participant('a'), verifier],
        observations: { a: observed('purged', 1) },
      }),
    );
    expect([purged.requests, purged.joins, purged.state]).toEqual([[], [], 'PURGED']);
  });

  it('asks nothing, ends nothing and opens no purge while it is paused', () => {
    const ended = reconcile(
      situation({ pausedAt: NOW, observations: { a: observed('active', 1), b: observed('active', 1) } }),
    );
    expect([ended.finish, ended.state, ended.openRoutes]).toEqual([undefined, 'PROVISIONING', false]);
    const asked = reconcile(situation({ pausedAt: NOW }));
    expect([asked.requests, asked.waitUntil]).toEqual([[], null]);
    const deletion = reconcile(
      situation({
        pausedAt: NOW,
        desired: 'suspended',
        kind: 'delete',
        operationState: 'succeeded',
        purgeAfter: later(-1),
        observations: { a: observed('suspended', 1), b: observed('suspended', 1) },
      }),
    );
    expect([deletion.openPurge, deletion.conditions.map(({ type }) => type)]).toEqual([false, ['paused']]);
  });

  it('opens no purge under a legal hold', () => {
    const given: Given = {
      desired: 'suspended',
      kind: 'delete',
      operationState: 'succeeded',
      purgeAfter: later(-1),
      observations: { a: observed('suspended', 1), b: observed('suspended', 1) },
    };
    expect(reconcile(situation(given)).openPurge).toBe(true);
    const held = reconcile(situation({ ...given, holdPlacedAt: NOW }));
    expect([held.openPurge, held.conditions.map(({ type }) => type)]).toEqual([false, ['legalHold']]);
  });

  it('goes on without a skipped participant, says so, and keeps closed what only that one serves', () => {
    const step = reconcile(
      situation({
        participants: [participant('a'), participant('b', { stores: ['billing'] })],
        observations: { a: observed('active', 1), b: observed('none', 0) },
        tasks: { b: task({ state: 'skipped', decision: 'skip' }) },
      }),
    );
    expect([step.state, step.finish]).toEqual(['ACTIVE', { state: 'succeeded' }]);
    expect(step.closedStores).toEqual(['billing']);
    expect(step.conditions.map(({ type }) => type)).toContain('skipped');
  });

  it('does not ask a silent participant again before its next sign of life', () => {
    const due = { a: task({ nextAttemptAt: later(-1) }), b: task({ nextAttemptAt: later(-1) }) };
    const silent = participant('b', { lastHeartbeatAt: later(-91_000) });
    const step = reconcile(situation({ participants: [participant('a'), silent], tasks: due }));
    expect(step.requests).toEqual([
      { type: 'tenant.provisioning_requested.v1', attempt: 2, participants: ['a'] },
    ]);
    // The first request waits for it on its topic, however long it is away.
    const first = reconcile(situation({ participants: [participant('a'), silent] }));
    expect(first.requests[0]?.participants).toEqual(['a', 'b']);
  });

  it('says who never came up and who fell silent, once they are overdue', () => {
    const asked = task({ addressedAt: later(-60_001), nextAttemptAt: later(5000) });
    const step = reconcile(
      situation({
        participants: [
          participant('a', { lastHeartbeatAt: null }),
          participant('b', { lastHeartbeatAt: later(-91_000), required: false }),
        ],
        tasks: { a: asked, b: asked },
      }),
    );
    const messages = step.conditions.filter(({ type }) => type !== 'overdue');
    expect(messages).toEqual([
      { type: 'neverHeardFrom', message: 'a never came up' },
      { type: 'silent', message: 'b was last heard from at 2026-01-01T11:58:29.000Z (it is optional)' },
    ]);
  });

  it('asks nothing of a retired participant, and holds a purge against it', () => {
    const retired = participant('b', { retiredAt: NOW });
    const active = reconcile(situation({ participants: [participant('a'), retired] }));
    expect(active.parts.map((part) => part.participant.name)).toEqual(['a']);
    const purge: Given = {
      desired: 'purged',
      kind: 'purge',
      generation: 3,
      participants: [participant('a'), retired],
      observations: { a: observed('purged', 3), b: observed('active', 1) },
    };
    const held = reconcile(situation(purge));
    expect([held.requests, held.state]).toEqual([[], 'PURGING']);
    const attested = reconcile(
      situation({ ...purge, tasks: { b: task({ state: 'skipped', decision: 'attest' }) } }),
    );
    expect(attested.state).toBe('PURGED');
  });

  it('ends successfully exactly when every counted participant is where it should be', () => {
    const states = fc.constantFrom<ObservedState>('none', 'active', 'suspended', 'purged');
    const part = fc.record({
      state: states,
      generation: fc.integer({ min: 0, max: 3 }),
      required: fc.boolean(),
      countsFrom: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 5 }),
        fc.constantFrom<DesiredState>('active', 'suspended', 'purged'),
        (parts, desired) => {
          const kind: OperationKind =
            desired === 'active' ? 'reactivate' : desired === 'suspended' ? 'suspend' : 'purge';
          const step = reconcile(
            situation({
              desired,
              kind,
              generation: 3,
              wasActive: true,
              participants: parts.map((each, index) => participant(`p${index}`, { required: each.required })),
              observations: Object.fromEntries(
                parts.map((each, index) => [
                  `p${index}`,
                  observed(each.state, each.generation, each.countsFrom),
                ]),
              ),
            }),
          );
          const counted = parts.filter(
            (each) => desired === 'purged' || (each.required && each.countsFrom <= 3),
          );
          const everyone =
            counted.every((each) => each.state === desired && each.generation === 3) &&
            (counted.length > 0 || desired !== 'active');
          expect(step.finish?.state === 'succeeded').toBe(everyone);
          expect(['ACTIVE', 'SUSPENDED', 'PURGED'].includes(step.state)).toBe(everyone);
        },
      ),
    );
  });
});
