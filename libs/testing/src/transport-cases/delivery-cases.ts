import { newId } from '@tenantry/kernel';
import type { LifecycleEnvelope } from '@tenantry/messaging';
import { deepStrictEqual as same, ok } from 'node:assert/strict';
import { waitFor } from '../wait-for.js';
import {
  DeliveryRecord,
  newTenants,
  PATIENCE_MS,
  sequences,
  stopAll,
  unexpected,
  updated,
  type TransportCase,
} from './transport-case.js';

/** Every how many deliveries a handler of the case of failing handlers fails. */
const FAILS_EVERY = 60;

/** Order per tenant, no loss, redelivery, a graceful stop. */
export const DELIVERY_CASES: readonly TransportCase[] = [
  {
    name: 'delivers every tenant in order with its attributes, to every group, from the beginning',
    async run(rig) {
      const tenants = newTenants(20);
      for (let seq = 1; seq <= 5; seq++) await rig.enqueue(tenants.map((tenantId) => updated(tenantId, seq)));
      const alice = new DeliveryRecord();
      const bob = new DeliveryRecord();
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
        await waitFor('all events', () => record.hasAll(tenants, 10), PATIENCE_MS);
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
    name: 'loses nothing and keeps every order while handlers fail and members come and go',
    async run(rig) {
      const tenants = newTenants(30);
      const record = new DeliveryRecord();
      let deliveries = 0;
      const join = async () =>
        (await rig.participant('alice')).consumeLifecycle({
          group: 'alice.restless',
          handler: async (event) => {
            if (tenants.includes(event.subject) && ++deliveries % FAILS_EVERY === 0)
              throw new Error('not now');
            await record.handler(event);
          },
          onMalformed: unexpected,
        });
      const members = [await join()];
      for (let seq = 1; seq <= 20; seq++) {
        await rig.enqueue(tenants.map((tenantId) => updated(tenantId, seq)));
        if (seq === 5) members.push(await join());
        if (seq === 10) await members[0]?.stop();
        if (seq === 15) members.push(await join());
      }
      await waitFor('all events', () => record.hasAll(tenants, 20), PATIENCE_MS);
      for (const tenantId of tenants) same(record.once(tenantId), sequences(20));
      ok(deliveries > FAILS_EVERY, 'no handler has failed');
      await stopAll(members);
    },
  },
  {
    name: 'delivers a rejected event again, and nothing later of its tenant before it',
    async run(rig) {
      const tenantId = newId();
      const record = new DeliveryRecord();
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
      await waitFor('all events', () => record.hasAll([tenantId], 3), PATIENCE_MS);
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
      const first = new DeliveryRecord();
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
      const second = new DeliveryRecord();
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
];
