import type { Envelope, Heartbeat, StateRecord } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import type {
  ControlPlaneTransport,
  LifecycleEnvelope,
  NewEvent,
  ParticipantTransport,
  Subscription,
} from '@tenantry/messaging';
import { deepStrictEqual as same, ok } from 'node:assert/strict';
import { waitFor } from './wait-for.js';

/** One transport, ready to be put to the test. */
export interface TransportRig {
  readonly control: ControlPlaneTransport;
  /** The side of the named participant, which the rig closes. `alice` and `bob` are known to the control plane, `carol` is not. */
  participant(name: 'alice' | 'bob' | 'carol'): Promise<ParticipantTransport>;
  /** Commits these to the outbox, in order; a running relay publishes them. */
  enqueue(events: readonly NewEvent[]): Promise<void>;
  saveState(record: StateRecord): Promise<void>;
}

/** Something that every transport must do; `run` throws when this one does not. */
export interface TransportCase {
  readonly name: string;
  run(rig: TransportRig): Promise<void>;
}

const PATIENCE_MS = 40_000;

const updated = (tenantId: string, tenantSeq: number): NewEvent => ({
  tenantId,
  tenantSeq: BigInt(tenantSeq),
  generation: 1,
  type: 'tenant.updated.v1',
  data: { version: tenantSeq, plan: 'free', changed: ['plan'] },
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
});

const stateOf = (tenantId: string, tenantSeq: number): StateRecord => ({
  tenantId,
  slug: 'acme',
  state: 'ACTIVE',
  plan: 'free',
  region: 'default',
  isolation: 'pooled',
  generation: 1,
  version: tenantSeq,
  tenantSeq: String(tenantSeq),
  routes: [],
  updatedAt: '2026-01-01T00:00:00.000Z',
});

const heartbeat = (participant: string, subject: string, version = '1'): Envelope => ({
  id: newId(),
  source: `/tenantry/participants/${participant}`,
  type: 'participant.heartbeat.v1',
  time: new Date().toISOString(),
  subject,
  data: { participant, capabilities: [], stores: [], version },
});

const unexpected = async (reason: string, raw: string): Promise<void> => {
  throw new Error(`unexpectedly malformed: ${reason} ${raw}`);
};

/** Keeps what was delivered, and how often. */
class Record {
  readonly delivered: LifecycleEnvelope[] = [];

  readonly handler = async (event: LifecycleEnvelope): Promise<void> => void this.delivered.push(event);

  /** A tenant's sequences as they came. */
  all(tenantId: string): string[] {
    return this.delivered
      .filter(({ subject }) => subject === tenantId)
      .map(({ tenantSeq }) => tenantSeq ?? '');
  }

  /** The same without repetitions, which every transport may make when members come and go. */
  once(tenantId: string): string[] {
    return [...new Set(this.all(tenantId))];
  }
}

const sequences = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index + 1));

const isWhole = (record: Record, tenantId: string, count: number) => record.once(tenantId).length >= count;

const stopAll = (subscriptions: readonly Subscription[]) =>
  Promise.all(subscriptions.map((one) => one.stop()));

/** What the port promises, as cases for every implementation of it. */
export const TRANSPORT_CASES: readonly TransportCase[] = [
  {
    name: 'delivers every tenant in order with its attributes, to every group, from the beginning',
    async run(rig) {
      const tenants = Array.from({ length: 20 }, newId);
      for (let seq = 1; seq <= 5; seq++) await rig.enqueue(tenants.map((tenantId) => updated(tenantId, seq)));
      const alice = new Record();
      const bob = new Record();
      const subscriptions = [
        await (
          await rig.participant('alice')
        ).consumeLifecycle({ group: 'alice', handler: alice.handler, onMalformed: unexpected }),
        await (
          await rig.participant('bob')
        ).consumeLifecycle({ group: 'bob', handler: bob.handler, onMalformed: unexpected }),
      ];
      for (let seq = 6; seq <= 10; seq++)
        await rig.enqueue(tenants.map((tenantId) => updated(tenantId, seq)));
      for (const record of [alice, bob]) {
        await waitFor(
          'all events',
          () => tenants.every((tenantId) => isWhole(record, tenantId, 10)),
          PATIENCE_MS,
        );
        for (const tenantId of tenants) same(record.once(tenantId), sequences(10));
      }
      const { id, time, ...event } = alice.delivered[0] as LifecycleEnvelope;
      ok(id && time);
      const { tenantId, tenantSeq, generation, ...rest } = updated(event.subject, 1);
      same(event, {
        ...rest,
        subject: tenantId,
        tenantSeq: String(tenantSeq),
        generation: String(generation),
        source: '/tenantry/control-plane',
      });
      await stopAll(subscriptions);
    },
  },
  {
    name: 'shares tenants among the members of a group, and keeps the order when one leaves',
    async run(rig) {
      const tenants = Array.from({ length: 20 }, newId);
      const record = new Record();
      const subscribe = async () =>
        (await rig.participant('alice')).consumeLifecycle({
          group: 'alice.shared',
          handler: record.handler,
          onMalformed: unexpected,
        });
      const subscriptions = [await subscribe(), await subscribe()];
      for (let seq = 1; seq <= 10; seq++)
        await rig.enqueue(tenants.map((tenantId) => updated(tenantId, seq)));
      await subscriptions[0]?.stop();
      for (let seq = 11; seq <= 20; seq++)
        await rig.enqueue(tenants.map((tenantId) => updated(tenantId, seq)));
      await waitFor(
        'all events',
        () => tenants.every((tenantId) => isWhole(record, tenantId, 20)),
        PATIENCE_MS,
      );
      for (const tenantId of tenants) same(record.once(tenantId), sequences(20));
      await stopAll(subscriptions);
    },
  },
  {
    name: 'delivers a rejected event again, and nothing later of its tenant before it',
    async run(rig) {
      const tenantId = newId();
      const record = new Record();
      let rejections = 2;
      const subscription = await (
        await rig.participant('alice')
      ).consumeLifecycle({
        group: 'alice.rejecting',
        handler: async (event) => {
          await record.handler(event);
          if (event.subject === tenantId && event.tenantSeq === '2' && rejections-- > 0)
            throw new Error('not now');
        },
        onMalformed: unexpected,
      });
      await rig.enqueue([1, 2, 3].map((seq) => updated(tenantId, seq)));
      await waitFor('all events', () => isWhole(record, tenantId, 3), PATIENCE_MS);
      same(record.all(tenantId), ['1', '2', '2', '2', '3']);
      await subscription.stop();
    },
  },
  {
    name: 'finishes the running handler when it stops, and goes on behind it the next time',
    async run(rig) {
      const tenantId = newId();
      const transport = await rig.participant('alice');
      const entered = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      const first = new Record();
      const subscription = await transport.consumeLifecycle({
        group: 'alice.stopping',
        handler: async (event) => {
          if (event.subject !== tenantId) return;
          entered.resolve();
          await gate.promise;
          await first.handler(event);
        },
        onMalformed: unexpected,
      });
      await rig.enqueue([updated(tenantId, 1), updated(tenantId, 2)]);
      await entered.promise;
      const stopping = subscription.stop();
      gate.resolve();
      await stopping;
      const before = first.all(tenantId);
      same(before[0], '1');
      const second = new Record();
      const next = await transport.consumeLifecycle({
        group: 'alice.stopping',
        handler: second.handler,
        onMalformed: unexpected,
      });
      await rig.enqueue([updated(tenantId, 3)]);
      await waitFor('the rest', () => second.all(tenantId).includes('3'), PATIENCE_MS);
      same([...before, ...second.all(tenantId)], ['1', '2', '3']);
      await next.stop();
    },
  },
  {
    name: 'gives every process all state records, and then the newer ones',
    async run(rig) {
      const tenants = Array.from({ length: 20 }, newId);
      for (const tenantId of tenants) {
        await rig.saveState(stateOf(tenantId, 1));
        await rig.saveState(stateOf(tenantId, 2));
      }
      // The first pass covers what was published, not what still waits in the outbox; so wait for it once.
      const probe = new Map<string, StateRecord>();
      const follow = async (records: Map<string, StateRecord>) =>
        (await rig.participant('alice')).followState({
          handler: (state) => void records.set(state.tenantId, state),
          onMalformed: (reason, raw) => void unexpected(reason, raw),
        });
      const subscriptions = [await follow(probe)];
      const has = (records: Map<string, StateRecord>, seq: string) =>
        tenants.every((tenantId) => records.get(tenantId)?.tenantSeq === seq);
      await waitFor('the state records', () => has(probe, '2'), PATIENCE_MS);
      const records = new Map<string, StateRecord>();
      subscriptions.push(await follow(records));
      ok(has(records, '2'), 'the first pass was over before it was whole');
      same(records.get(tenants[0] as string), stateOf(tenants[0] as string, 2));
      for (const tenantId of tenants) await rig.saveState(stateOf(tenantId, 3));
      await waitFor('the newer records', () => has(records, '3') && has(probe, '3'), PATIENCE_MS);
      await stopAll(subscriptions);
    },
  },
  {
    name: 'brings acknowledgements in order, with whose channel they came on, again after a rejection, and past malformed ones',
    async run(rig) {
      const seen: string[] = [];
      const malformed: string[] = [];
      let rejections = 1;
      const subscription = await rig.control.consumeAcknowledgements({
        participants: async () => ['alice', 'bob'],
        handler: async (participant, message) => {
          seen.push(`${participant} ${message.subject} ${(message.data as Heartbeat).version}`);
          if (message.subject === 'second' && rejections-- > 0) throw new Error('not now');
        },
        onMalformed: async (participant) => void malformed.push(participant),
      });
      await (
        await rig.participant('alice')
      ).acknowledge([
        heartbeat('alice', 'first'),
        { ...heartbeat('alice', 'broken'), type: '' },
        heartbeat('alice', 'second'),
        heartbeat('alice', 'second', '2'),
      ]);
      await (await rig.participant('bob')).acknowledge([heartbeat('alice', 'forged')]);
      await waitFor(
        'all acknowledgements',
        () => new Set(seen).size === 4 && rejections < 0 && malformed.length > 0,
        PATIENCE_MS,
      );
      same(
        seen.filter((one) => one.includes('second')),
        ['alice second 1', 'alice second 1', 'alice second 2'],
      );
      same([...seen].filter((one) => !one.includes('second')).sort(), ['alice first 1', 'bob forged 1']);
      same(malformed, ['alice']);
      await subscription.stop();
    },
  },
  {
    name: 'brings the messages of a participant that nobody has declared',
    async run(rig) {
      const seen: string[] = [];
      const subscription = await rig.control.consumeAcknowledgements({
        participants: async () => ['alice', 'bob'],
        handler: async (participant, message) => void seen.push(`${participant} ${message.subject}`),
        onMalformed: async () => undefined,
      });
      const carol = await rig.participant('carol');
      // As every sender does: where there is no channel yet, the first try makes it.
      const send = () => carol.acknowledge([heartbeat('carol', 'carol')]).then(() => true);
      await waitFor('its channel', send, PATIENCE_MS);
      await waitFor('the first sign of life', () => seen.includes('carol carol'), PATIENCE_MS);
      await subscription.stop();
    },
  },
];
