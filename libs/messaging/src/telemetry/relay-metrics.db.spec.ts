import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import {
  busDatabase,
  recordMetrics,
  waitFor,
  type BusDatabase,
  type RecordedMetrics,
} from '@tenantry/testing';
import { Pool } from 'pg';
import { Outbox } from '../outbox.js';
import { Relay } from '../relay.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

describe('the metrics of a relay', () => {
  let database: BusDatabase;
  let pool: Pool;
  let sql: SqlExecutor;
  let recorded: RecordedMetrics;
  let failing = false;
  let relay: Relay;

  beforeAll(async () => {
    database = await busDatabase();
    pool = new Pool({ connectionString: database.controlUrl, max: 10 });
    sql = pgExecutor(pool);
    recorded = recordMetrics();
    relay = newRelay();
    relay.start();
    await shardsAre(64);
  });

  afterAll(async () => {
    await relay.stop();
    await recorded.stop();
    await pool.end();
    await database.drop();
  });

  function newRelay(): Relay {
    const publish = async (): Promise<void> => {
      if (failing) throw new Error('the broker is away');
    };
    return new Relay({ pool, logger, transport: { publish }, backoff: { baseMs: 1, maxMs: 1 } });
  }

  const shardsAre = (shards: number) =>
    waitFor(`${shards} shards`, async () => (await recorded.value('tenantry_relay_shards')) === shards);
  const moves = (reason: string) => recorded.value('tenantry_relay_lease_moves_total', { reason });
  const failures = async (): Promise<number> =>
    (await recorded.value('tenantry_relay_failures_total')) ?? Number.NaN;
  const sent = (topic: string) => recorded.value('tenantry_relay_messages_total', { topic });

  const drained = () =>
    waitFor(
      'an empty outbox',
      async () => (await sql.query('SELECT FROM tenantry.outbox_pending LIMIT 1')).length === 0,
    );

  it('count what was sent by channel, and what could not be', async () => {
    expect([await sent('lifecycle'), await sent('state'), await failures()]).toEqual([0, 0, 0]);
    failing = true;
    const tenantId = newId();
    await new Outbox().enqueueTx(
      sql,
      [1n, 2n].map((tenantSeq) => ({
        tenantId,
        tenantSeq,
        generation: 1,
        type: 'tenant.updated.v1',
        data: { version: 1, plan: 'free', changed: ['plan'] },
      })),
    );
    await waitFor('a failure', async () => (await failures()) > 0);
    expect(await sent('lifecycle')).toBe(0);
    failing = false;
    await drained();
    expect([await sent('lifecycle'), await sent('state')]).toEqual([2, 0]);
  });

  it('count the shards that come and go', async () => {
    expect([await moves('taken'), await moves('lost'), await moves('handed_over')]).toEqual([64, 0, 0]);
    const lapsed = await sql.query('UPDATE tenantry.relay_member SET lease_until = now() RETURNING owner');
    expect(lapsed).toHaveLength(1);
    await waitFor('the shards anew', async () => (await moves('taken')) === 128);
    expect(await moves('lost')).toBe(64);
    await relay.stop();
    expect(await moves('handed_over')).toBe(64);
    expect(await recorded.value('tenantry_relay_shards')).toBeUndefined();
  });
});
