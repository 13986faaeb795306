import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StateRecord } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { consumerDatabase, factEvent, stateRecord, type ConsumerDatabase } from '@tenantry/testing';
import { Pool } from 'pg';
import { LifecycleConsumer } from './lifecycle-consumer.js';
import { StateBootstrap } from './state-bootstrap.js';
import { ConnectionLost } from './transaction.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const GROUP = 'late';

const updatedTo = (tenantId: string, seq: number) =>
  factEvent({ tenantId, seq, type: 'tenant.updated.v1' }, { version: seq, plan: 'free', changed: ['plan'] });

describe('StateBootstrap', () => {
  let database: ConsumerDatabase;
  let pool: Pool;

  beforeAll(async () => {
    database = await consumerDatabase();
    const { url } = await database.newLogin();
    pool = new Pool({ connectionString: url, max: 4 });
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const state = (tenantId: string, seq: number): StateRecord =>
    stateRecord({ tenantId, state: 'ACTIVE', generation: seq });

  function bootstrap(unfit: ReadonlySet<string> = new Set()) {
    const reloaded: string[] = [];
    const taking = new StateBootstrap({
      pool,
      group: GROUP,
      logger,
      reload: async ({ tenantId, tenantSeq }, sql) => {
        await sql.query('SELECT 1');
        if (unfit.has(tenantId)) throw new Error('it does not fit');
        reloaded.push(`${tenantId} ${tenantSeq}`);
      },
    });
    return { taking, reloaded };
  }

  async function reloadedSeq(tenantId: string): Promise<string | undefined> {
    const { rows } = await pool.query<{ reloaded_seq: string }>(
      'SELECT reloaded_seq FROM tenantry.consumer_position WHERE grp = $1 AND tenant_id = $2',
      [GROUP, tenantId],
    );
    return rows[0]?.reloaded_seq;
  }

  it('applies the newest record of each tenant once, however often and in whatever order they come', async () => {
    const [a, b] = [newId(), newId()];
    const { taking, reloaded } = bootstrap();
    await taking.take([state(a, 3), state(b, 7), state(a, 5), state(a, 4)]);
    await taking.take([state(b, 7), state(a, 5), state(a, 2)]);
    expect([...reloaded].sort()).toEqual([`${a} 5`, `${b} 7`].sort());
    await taking.take([state(a, 6)]);
    expect(reloaded).toContain(`${a} 6`);
    expect([await reloadedSeq(a), await reloadedSeq(b)]).toEqual(['6', '7']);
  });

  it('leaves out a record that cannot be applied, and no other', async () => {
    const tenants = Array.from({ length: 250 }, newId);
    const unfit = tenants[120] as string;
    const { taking } = bootstrap(new Set([unfit]));
    await taking.take(tenants.map((tenantId) => state(tenantId, 2)));
    for (const tenantId of tenants) {
      const seq = await reloadedSeq(tenantId);
      expect(tenantId === unfit ? (seq ?? '0') : seq).toBe(tenantId === unfit ? '0' : '2');
    }
  });

  it('has the facts that the record reflects passed, and the next one applied', async () => {
    const tenantId = newId();
    await bootstrap().taking.take([state(tenantId, 5)]);
    const applied: string[] = [];
    const consumer = new LifecycleConsumer({
      pool,
      participant: 'alice',
      group: GROUP,
      logger,
      facts: { 'tenant.updated.v1': async ({ tenantSeq }) => void applied.push(tenantSeq ?? '') },
    });
    for (const seq of [4, 5, 6]) await consumer.handle(updatedTo(tenantId, seq));
    expect(applied).toEqual(['6']);
    expect(consumer.counts).toMatchObject({ passed: 3, gaps: 0 });
    await consumer.handle(updatedTo(tenantId, 8));
    expect(consumer.counts.gaps).toBe(1);
  });

  it('finds a gap right behind the record too', async () => {
    const tenantId = newId();
    await bootstrap().taking.take([state(tenantId, 5)]);
    const consumer = new LifecycleConsumer({ pool, participant: 'alice', group: GROUP, logger, facts: {} });
    await consumer.handle(updatedTo(tenantId, 7));
    expect(consumer.counts.gaps).toBe(1);
  });

  it('rejects when the database cannot be reached: nobody may believe that it has begun', async () => {
    const away = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/nowhere' });
    const taking = new StateBootstrap({ pool: away, group: GROUP, logger, reload: async () => undefined });
    await expect(taking.take([state(newId(), 1)])).rejects.toBeInstanceOf(ConnectionLost);
    await away.end();
  });
});
