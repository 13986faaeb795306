import { newId } from '@tenantry/kernel';
import type { LifecycleEnvelope } from '@tenantry/messaging';
import { deepStrictEqual as same, ok } from 'node:assert/strict';
import { setTimeout as work } from 'node:timers/promises';
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

/** Longer than the session of a Kafka consumer (10 s) and than a lease of the embedded transport (5 s). */
const SLOW_MS = 13_000;
/** Longer than a lease, and long enough for another member to want a share meanwhile. */
const REBALANCE_MS = 7_000;

/** A handler that works for so long on the first event of a tenant; what it began and finished is taken down. */
function slowFor(tenantId: string, ms: number) {
  const record = new DeliveryRecord();
  const entered = Promise.withResolvers<void>();
  let finished = 0;
  return {
    record,
    entered: entered.promise,
    finished: () => finished,
    handler: async (event: LifecycleEnvelope): Promise<void> => {
      await record.handler(event);
      if (event.subject !== tenantId || event.tenantSeq !== '1') return;
      entered.resolve();
      await work(ms);
      finished += 1;
    },
  };
}

/** Sharing tenants among members, also when they are slow. */
export const MEMBERSHIP_CASES: readonly TransportCase[] = [
  {
    name: 'shares tenants among the members of a group, and keeps the order when one leaves',
    async run(rig) {
      const tenants = newTenants(20);
      const record = new DeliveryRecord();
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
      await waitFor('all events', () => record.hasAll(tenants, 20), PATIENCE_MS);
      for (const tenantId of tenants) same(record.once(tenantId), sequences(20));
      await stopAll(subscriptions);
    },
  },
  {
    name: 'delivers no event again while a handler works on it for longer than a session or a lease',
    async run(rig) {
      const tenantId = newId();
      const slow = slowFor(tenantId, SLOW_MS);
      const subscription = await (
        await rig.participant('alice')
      ).consumeLifecycle({ group: 'alice.slow', handler: slow.handler, onMalformed: unexpected });
      await rig.enqueue([1, 2, 3].map((seq) => updated(tenantId, seq)));
      await waitFor('all events', () => slow.record.hasAll([tenantId], 3), PATIENCE_MS);
      // Behind whatever would come again because it could not be committed.
      await rig.enqueue([updated(tenantId, 4)]);
      await waitFor('the next event', () => slow.record.hasAll([tenantId], 4), PATIENCE_MS);
      same(slow.record.all(tenantId), ['1', '2', '3', '4']);
      same(slow.finished(), 1);
      await subscription.stop();
    },
  },
  {
    name: 'loses nothing, keeps the order and starts no storm when a member joins during a slow handler',
    async run(rig) {
      const tenants = newTenants(10);
      const tenantId = tenants[0] as string;
      const slow = slowFor(tenantId, REBALANCE_MS);
      const join = async () =>
        (await rig.participant('alice')).consumeLifecycle({
          group: 'alice.rebalancing',
          handler: slow.handler,
          onMalformed: unexpected,
        });
      const subscriptions = [await join()];
      for (let seq = 1; seq <= 5; seq++) await rig.enqueue(tenants.map((one) => updated(one, seq)));
      await slow.entered;
      subscriptions.push(await join());
      for (let seq = 6; seq <= 10; seq++) await rig.enqueue(tenants.map((one) => updated(one, seq)));
      await waitFor('all events', () => slow.record.hasAll(tenants, 10), PATIENCE_MS);
      for (const one of tenants) same(slow.record.once(one), sequences(10));
      const began = slow.record.all(tenantId).filter((seq) => seq === '1').length;
      ok(began <= 2, `the slow event was delivered ${began} times`);
      await stopAll(subscriptions);
    },
  },
];
