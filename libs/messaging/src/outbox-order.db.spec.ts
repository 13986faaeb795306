import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { busDatabase, waitFor, type BusDatabase } from '@tenantry/testing';
import { Pool, type PoolClient } from 'pg';
import { Outbox, type NewEvent } from './outbox.js';
import { Relay, type RelayOptions } from './relay.js';
import type { OutboundMessage } from './transport.js';

const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const event = (tenantId: string, tenantSeq: bigint): NewEvent => ({
  tenantId,
  tenantSeq,
  generation: 1,
  type: 'tenant.updated.v1',
  data: { version: Number(tenantSeq), plan: 'free', changed: ['plan'] },
});

/** Each of EVENTS.md's ways to get the order of an outbox wrong that can be had without a broker, by its name there. */
describe('known ways to get an outbox wrong', () => {
  let database: BusDatabase;
  let admin: Pool;
  let pool: Pool;
  let sql: SqlExecutor;
  let relays: Relay[];
  /** By tenant, the sequences as the broker got them. */
  let arrived: Map<string, bigint[]>;
  const outbox = new Outbox();

  beforeAll(async () => {
    database = await busDatabase();
    admin = new Pool({ connectionString: database.adminUrl });
    pool = new Pool({ connectionString: database.controlUrl, max: 40 });
    sql = pgExecutor(pool);
  });
  afterAll(async () => {
    await pool.end();
    await admin.end();
    await database.drop();
  });
  beforeEach(() => {
    relays = [];
    arrived = new Map();
  });
  afterEach(async () => {
    await Promise.all(relays.map((relay) => relay.stop()));
  });

  const arrive = (messages: readonly OutboundMessage[]): void => {
    for (const { envelope } of messages) {
      const ofTenant = arrived.get(envelope.subject) ?? [];
      arrived.set(envelope.subject, [...ofTenant, BigInt(envelope.tenantSeq ?? 0)]);
    }
  };
  const startRelay = (options: Partial<RelayOptions> = {}): void => {
    const transport = { publish: async (messages: readonly OutboundMessage[]) => arrive(messages) };
    const relay = new Relay({ pool, logger, transport, ...options });
    relays.push(relay);
    relay.start();
  };
  const arrivals = (): number => [...arrived.values()].reduce((sum, { length }) => sum + length, 0);
  const pending = async () => (await sql.query('SELECT FROM tenantry.outbox_pending LIMIT 1')).length > 0;
  /** Repeats are allowed, at-least-once as it is; what comes for the first time must come in order. */
  const firstTimes = (tenantId: string): bigint[] => [...new Set(arrived.get(tenantId))];

  it('lower enqueue number commits last: it is sent all the same', async () => {
    startRelay();
    const late: { client: PoolClient; tenantId: string }[] = [];
    for (let n = 0; n < 12; n += 1) {
      const client = await pool.connect();
      const tenantId = newId();
      await client.query('BEGIN');
      await outbox.enqueueTx(pgExecutor(client), [event(tenantId, 1n)]);
      late.push({ client, tenantId });
      // Whoever draws the next numbers commits at once, in every shard, and is sent; whatever the relay remembers has passed the
      // number above by then.
      const early = Array.from({ length: 64 }, newId);
      await Promise.all(early.map((id) => outbox.enqueueTx(sql, [event(id, 1n)])));
      await waitFor('the early ones', () => early.every((id) => arrived.has(id)));
    }
    expect(late.filter(({ tenantId }) => arrived.has(tenantId))).toEqual([]);
    for (const { client } of late.toReversed()) {
      await client.query('COMMIT');
      client.release();
    }
    await waitFor('the late ones', () => late.every(({ tenantId }) => arrived.has(tenantId)));
  });

  it('SKIP LOCKED reorders a key: two owners of a shard are forced, and each tenant stays in order', async () => {
    const tenants = Array.from({ length: 20 }, newId);
    const last = 60n;
    // A broker that takes its time, so that a batch is often under way when its shard changes hands.
    const publish = async (messages: readonly OutboundMessage[]): Promise<void> => {
      await sql.query('SELECT pg_sleep(random() * 0.02)');
      arrive(messages);
    };
    for (let n = 0; n < 2; n += 1) startRelay({ transport: { publish }, batchSize: 5, leaseMs: 150 });
    let writing = true;
    const writes = Promise.all(
      tenants.map(async (tenantId) => {
        for (let seq = 1n; seq <= last; seq += 1n) await outbox.enqueueTx(sql, [event(tenantId, seq)]);
      }),
    ).finally(() => (writing = false));
    let forced = 0;
    for (let before = 0; writing || (await pending()); before = arrivals()) {
      await waitFor(
        'something to be sent, or nothing to be left',
        async () => arrivals() > before || !(writing || (await pending())),
      );
      // Nobody's lease holds: whoever sends at this moment is overtaken by whoever claims next.
      await admin.query(`UPDATE tenantry.relay_member SET lease_until = '-infinity'`);
      forced += 1;
    }
    await writes;
    expect(forced).toBeGreaterThan(2);
    const expected = Array.from({ length: Number(last) }, (_, index) => BigInt(index + 1));
    await waitFor('everything', () => tenants.every((id) => firstTimes(id).length === expected.length));
    for (const tenantId of tenants) expect(firstTimes(tenantId)).toEqual(expected);
    // Otherwise no shard was sent by two.
    expect(tenants.some((id) => (arrived.get(id)?.length ?? 0) > expected.length)).toBe(true);
  }, 60_000);
});
