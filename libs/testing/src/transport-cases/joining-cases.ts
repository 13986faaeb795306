import type { StateRecord } from '@tenantry/contracts';
import {
  LifecycleConsumer,
  StateBootstrap,
  type LifecycleEnvelope,
  type Subscription,
} from '@tenantry/messaging';
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

/** @param meanwhile what happens when it has taken the first states, and has not begun to follow. */
async function startJoiner(
  rig: TransportRig,
  pool: Pool,
  derived: Derived,
  delivered: LifecycleEnvelope[],
  meanwhile: () => Promise<void> = async () => undefined,
) {
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
    bootstrap: async (records) => {
      await joining.take(records);
      await meanwhile();
    },
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
      const open: Subscription[] = [];
      const before = new DeliveryRecord();
      const other = await (
        await rig.participant('bob')
      ).consumeLifecycle({ group: 'bob.before', handler: before.handler, onMalformed: unexpected });
      open.push(other);
      await waitFor('the history to be published', () => before.hasAll(tenants, 5), PATIENCE_MS);

      let changing: Promise<void> | undefined;
      const goOn = async () => {
        for (let seq = 7; seq <= 15; seq++) await change(seq);
      };
      // What it is not told by the states that it has, and not yet by the events.
      const meanwhile = async () => {
        if (changing) return;
        changing = change(6);
        await changing;
        await waitFor('the change to be published', () => before.hasAll(tenants, 6), PATIENCE_MS);
        changing = goOn();
      };
      const database = await consumerDatabase();
      const { url } = await database.newLogin();
      const pool = new Pool({ connectionString: url, max: 10 });
      try {
        const derived = new Derived();
        const delivered: LifecycleEnvelope[] = [];
        const first = await startJoiner(rig, pool, derived, delivered, meanwhile);
        open.push(first.subscription);
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
        open.push(second.subscription);
        await change(16);
        await waitFor('the next change', () => derived.isAt(tenants, 16), PATIENCE_MS);
        same(derived.begunWith, begunWith, 'a group that has begun was given the states again');
        same(derived.surprises, []);
      } finally {
        await changing;
        await stopAll(open);
        await pool.end();
        await database.drop();
      }
    },
  },
];
