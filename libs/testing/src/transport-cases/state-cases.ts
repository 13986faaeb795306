import type { StateRecord } from '@tenantry/contracts';
import { deepStrictEqual as same, ok } from 'node:assert/strict';
import { waitFor } from '../wait-for.js';
import {
  DeliveryRecord,
  newTenants,
  PATIENCE_MS,
  stateOf,
  stopAll,
  unexpected,
  updated,
  type TransportCase,
  type TransportRig,
} from './transport-case.js';

const follow = async (rig: TransportRig, records: Map<string, StateRecord>) =>
  (await rig.participant('alice')).followState({
    handler: (state) => void records.set(state.tenantId, state),
    onMalformed: (reason, raw) => void unexpected(reason, raw),
  });

/** State records, and how a service begins with them. */
export const STATE_CASES: readonly TransportCase[] = [
  {
    name: 'gives every process all state records, and then the newer ones',
    async run(rig) {
      const tenants = newTenants(20);
      for (const tenantId of tenants) {
        await rig.saveState(stateOf(tenantId, 1));
        await rig.saveState(stateOf(tenantId, 2));
      }
      // The first pass covers what was published, not what still waits in the outbox; so wait for it once.
      const probe = new Map<string, StateRecord>();
      const subscriptions = [await follow(rig, probe)];
      const has = (records: Map<string, StateRecord>, seq: string) =>
        tenants.every((tenantId) => records.get(tenantId)?.tenantSeq === seq);
      await waitFor('the state records', () => has(probe, '2'), PATIENCE_MS);
      const records = new Map<string, StateRecord>();
      subscriptions.push(await follow(rig, records));
      ok(has(records, '2'), 'the first pass was over before it was whole');
      same(records.get(tenants[0] as string), stateOf(tenants[0] as string, 2));
      for (const tenantId of tenants) await rig.saveState(stateOf(tenantId, 3));
      await waitFor('the newer records', () => has(records, '3') && has(probe, '3'), PATIENCE_MS);
      await stopAll(subscriptions);
    },
  },
  {
    name: 'lets one that comes late, amid changes, begin with the states and miss no event that they do not reflect',
    async run(rig) {
      const tenants = newTenants(20);
      const change = async (seq: number) => {
        for (const tenantId of tenants) await rig.saveState(stateOf(tenantId, seq));
        await rig.enqueue(tenants.map((tenantId) => updated(tenantId, seq)));
      };
      for (let seq = 1; seq <= 5; seq++) await change(seq);
      const changing = (async () => {
        for (let seq = 6; seq <= 15; seq++) await change(seq);
      })();
      const records = new Map<string, StateRecord>();
      const states = await follow(rig, records);
      const begunWith = new Map(
        [...records].map(([tenantId, { tenantSeq }]) => [tenantId, Number(tenantSeq)]),
      );
      const record = new DeliveryRecord();
      const events = await (
        await rig.participant('alice')
      ).consumeLifecycle({ group: 'alice.late', handler: record.handler, onMalformed: unexpected });
      await changing;
      const missing = (tenantId: string): string[] => {
        const seen = record.once(tenantId);
        const from = begunWith.get(tenantId) ?? 0;
        return Array.from({ length: 15 - from }, (_, index) => String(from + index + 1)).filter(
          (seq) => !seen.includes(seq),
        );
      };
      await waitFor(
        'no event to be missing',
        () => tenants.every((one) => missing(one).length === 0),
        PATIENCE_MS,
      );
      for (const tenantId of tenants) {
        const seen = record.once(tenantId).map(Number);
        same(
          seen,
          [...seen].sort((left, right) => left - right),
        );
      }
      await waitFor(
        'the last records',
        () => tenants.every((tenantId) => records.get(tenantId)?.tenantSeq === '15'),
        PATIENCE_MS,
      );
      await stopAll([states, events]);
    },
  },
];
