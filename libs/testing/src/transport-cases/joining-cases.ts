import type { StateRecord } from '@tenantry/contracts';
import { LifecycleConsumer, StateBootstrap, type LifecycleEnvelope } from '@tenantry/messaging';
import { deepStrictEqual as same } from 'node:assert/strict';
import { Pool } from 'pg';
import { consumerDatabase } from '../consumer-database.js';
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

const GROUP = 'alice.joined';
const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A service that knows how far each tenant is by its state record and its facts, and notices a fact that does not follow. */
class Derived {
  readonly knows = new Map<string, number>();
  readonly surprises: string[] = [];
  begunWith = 0;

  reload({ tenantId, tenantSeq }: StateRecord): void {
    this.begunWith += 1;
    this.knows.set(tenantId, Number(tenantSeq));
  }

  apply({ subject, tenantSeq }: LifecycleEnvelope): void {
    const last = this.knows.get(subject) ?? 0;
    if (Number(tenantSeq) !== last + 1) this.surprises.push(`${tenantSeq} after ${last}`);
    this.knows.set(subject, Number(tenantSeq));
  }

  isAt(tenants: readonly string[], seq: number): boolean {
    return tenants.every((tenantId) => this.knows.get(tenantId) === seq);
  }
}

async function startJoiner(rig: TransportRig, pool: Pool, derived: Derived, delivered: LifecycleEnvelope[]) {
  const consumer = new LifecycleConsumer({
    pool,
    participant: 'alice',
    group: GROUP,
    facts: { 'tenant.updated.v1': async (event) => derived.apply(event) },
    logger,
  });
  const joining = new StateBootstrap({
    pool,
    group: GROUP,
    reload: async (record) => derived.reload(record),
    logger,
  });
  const subscription = await (
    await rig.participant('alice')
  ).consumeLifecycle({
    group: GROUP,
    handler: async (event) => {
      delivered.push(event);
      await consumer.handle(event);
    },
    onMalformed: unexpected,
    bootstrap: (records) => joining.take(records),
  });
  return { consumer, subscription };
}

/** How a group that is new to the channel begins. */
export const JOINING_CASES: readonly TransportCase[] = [
  {
    name: 'lets a new group begin with the states instead of the history, amid changes, with neither a gap nor an overlap',
    async run(rig) {
      const tenants = newTenants(20);
      const change = async (seq: number) => {
        for (const tenantId of tenants) await rig.saveState(stateOf(tenantId, seq));
        await rig.enqueue(tenants.map((tenantId) => updated(tenantId, seq)));
      };
      for (let seq = 1; seq <= 5; seq++) await change(seq);
      const before = new DeliveryRecord();
      const other = await (
        await rig.participant('bob')
      ).consumeLifecycle({ group: 'bob.before', handler: before.handler, onMalformed: unexpected });
      await waitFor('the history to be published', () => before.hasAll(tenants, 5), PATIENCE_MS);

      const changing = (async () => {
        for (let seq = 6; seq <= 15; seq++) await change(seq);
      })();
      const database = await consumerDatabase();
      const { url } = await database.newLogin();
      const pool = new Pool({ connectionString: url, max: 10 });
      try {
        const derived = new Derived();
        const delivered: LifecycleEnvelope[] = [];
        const first = await startJoiner(rig, pool, derived, delivered);
        await changing;
        await waitFor('every tenant to be up to date', () => derived.isAt(tenants, 15), PATIENCE_MS);
        same(derived.surprises, []);
        same(first.consumer.counts.gaps, 0);
        const ours = delivered.filter(({ subject }) => tenants.includes(subject));
        same(
          ours.filter(({ tenantSeq }) => Number(tenantSeq) <= 5),
          [],
          'what was before it joined came to it as history',
        );
        await first.subscription.stop();

        const { begunWith } = derived;
        const second = await startJoiner(rig, pool, derived, delivered);
        await change(16);
        await waitFor('the next change', () => derived.isAt(tenants, 16), PATIENCE_MS);
        same(derived.begunWith, begunWith, 'a group that has begun was given the states again');
        same(derived.surprises, []);
        await stopAll([second.subscription, other]);
      } finally {
        await pool.end();
        await database.drop();
      }
    },
  },
];
