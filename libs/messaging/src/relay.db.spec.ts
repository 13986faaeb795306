import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { StateRecord } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import {
  busDatabase,
  silencingProxy,
  waitFor,
  type BusDatabase,
  type SilencingProxy,
} from '@tenantry/testing';
import { Pool } from 'pg';
import { Outbox, type NewEvent } from './outbox.js';
import { claimShards, joinRelays } from './relay-member.store.js';
import { readBatches } from './relay-shard.store.js';
import { Relay, type RelayOptions } from './relay.js';
import { shardOf } from './shard.js';
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

const stateOf = (tenantId: string, tenantSeq: bigint): StateRecord => ({
  tenantId,
  slug: 'acme',
  state: 'ACTIVE',
  plan: 'free',
  region: 'default',
  isolation: 'pooled',
  generation: 1,
  version: 1,
  tenantSeq: String(tenantSeq),
  routes: [],
  updatedAt: '2026-01-01T00:00:00.000Z',
});

/** Two tenants that one shard sends. */
function shardMates(): [string, string] {
  const first = newId();
  for (;;) {
    const second = newId();
    if (shardOf(second) === shardOf(first)) return [first, second];
  }
}

describe('Relay', () => {
  let database: BusDatabase;
  let pool: Pool;
  let sql: SqlExecutor;
  let sent: OutboundMessage[];
  let relays: Relay[];
  const outbox = new Outbox();

  beforeAll(async () => {
    database = await busDatabase();
    pool = new Pool({ connectionString: database.controlUrl, max: 30 });
    sql = pgExecutor(pool);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(() => {
    sent = [];
    relays = [];
  });

  afterEach(async () => {
    await Promise.all(relays.map((relay) => relay.stop()));
  });

  const startRelay = (options: Partial<RelayOptions> = {}): Relay => {
    const relay = new Relay({
      pool,
      logger,
      transport: { publish: async (messages) => void sent.push(...messages) },
      ...options,
    });
    relays.push(relay);
    relay.start();
    return relay;
  };

  const drained = () =>
    waitFor(
      'an empty outbox',
      async () => (await sql.query('SELECT FROM tenantry.outbox_pending LIMIT 1')).length === 0,
    );

  /** What was sent of a tenant, e.g. `state 2`, `lifecycle 1`. */
  const sentOf = (tenantId: string) =>
    sent
      .filter(({ envelope }) => envelope.subject === tenantId)
      .map(({ channel, envelope }) => `${channel} ${envelope.tenantSeq}`);

  it('sends each tenant in order, its current state record once and first', async () => {
    const tenantId = newId();
    for (const seq of [1n, 2n]) {
      await outbox.enqueueTx(sql, [event(tenantId, seq)]);
      await outbox.saveStateTx(sql, stateOf(tenantId, seq), '00-a-b-01');
    }
    startRelay();
    await drained();
    expect(sentOf(tenantId)).toEqual(['state 2', 'lifecycle 1', 'lifecycle 2']);
    expect(sent[0]?.envelope).toMatchObject({
      type: 'tenant.state.v1',
      generation: '1',
      traceparent: '00-a-b-01',
    });
  });

  it('fetches a state record from behind the end of the batch', async () => {
    const tenantId = newId();
    await outbox.enqueueTx(sql, [event(tenantId, 1n), event(tenantId, 2n), event(tenantId, 3n)]);
    await outbox.saveStateTx(sql, stateOf(tenantId, 3n));
    startRelay({ batchSize: 2 });
    await drained();
    expect(sentOf(tenantId)).toEqual(['state 3', 'lifecycle 1', 'lifecycle 2', 'lifecycle 3']);
  });

  it('is woken by the commit of another process', async () => {
    startRelay();
    await waitFor(
      'listening',
      async () =>
        (
          await sql.query(
            `SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()`,
          )
        ).length === 1,
    );
    for (let n = 0; n < 3; n++) {
      const tenantId = newId();
      await outbox.enqueueTx(sql, [event(tenantId, 1n)]);
      await waitFor('the event', () => sentOf(tenantId).length === 1);
    }
  });

  it('sends a transaction that drew a lower enqueue number and commits last', async () => {
    const [late, early] = shardMates();
    startRelay();
    const client = await pool.connect();
    await client.query('BEGIN');
    await outbox.enqueueTx(pgExecutor(client), [event(late, 1n)]);
    await outbox.enqueueTx(sql, [event(early, 1n)]);
    await waitFor('the early one', () => sentOf(early).length === 1);
    await drained();
    expect(sentOf(late)).toEqual([]);
    await client.query('COMMIT');
    client.release();
    await waitFor('the late one', () => sentOf(late).length === 1);
  });

  it('tries a failed batch again, in order, and leaves other shards alone', async () => {
    const failing = newId();
    const healthy = newId();
    let failures = 3;
    startRelay({
      backoff: { baseMs: 1, maxMs: 5 },
      transport: {
        publish: async (messages) => {
          if (messages.some(({ envelope }) => envelope.subject === failing) && failures-- > 0)
            throw new Error('broker away');
          sent.push(...messages);
        },
      },
    });
    await outbox.enqueueTx(sql, [event(failing, 1n), event(failing, 2n), event(healthy, 1n)]);
    await outbox.enqueueTx(sql, [event(failing, 3n)]);
    await drained();
    expect(sentOf(failing)).toEqual(['lifecycle 1', 'lifecycle 2', 'lifecycle 3']);
    expect(sentOf(healthy)).toEqual(['lifecycle 1']);
    expect(failures).toBeLessThan(1);
  });

  it('does not pass over a pointer whose event is gone, and leaves other shards alone', async () => {
    const lost = newId();
    const healthy = Array.from({ length: 20 }, newId).find((id) => shardOf(id) !== shardOf(lost)) ?? lost;
    await sql.query(
      `INSERT INTO tenantry.outbox_pending (event_id, tenant_id, tenant_seq, shard, topic, occurred_at)
      VALUES ($1, $2, 1, $3, 'lifecycle', now())`,
      [newId(), lost, shardOf(lost)],
    );
    startRelay({ backoff: { baseMs: 1, maxMs: 5 } });
    await outbox.enqueueTx(sql, [event(healthy, 1n)]);
    await waitFor('the healthy one', () => sentOf(healthy).length === 1);
    const noted = () =>
      sql.query('SELECT FROM tenantry.relay_shard WHERE last_error LIKE $1', ['%is not in the history%']);
    await waitFor('a note', async () => (await noted()).length === 1);
    const pointers = await sql.query('DELETE FROM tenantry.outbox_pending WHERE tenant_id = $1 RETURNING 1', [
      lost,
    ]);
    expect(pointers).toHaveLength(1);
  });

  it('takes over the shard of a relay that died, and sends again what it did not delete', async () => {
    const tenantId = newId();
    await outbox.enqueueTx(sql, [event(tenantId, 1n)]);
    await joinRelays(sql, 'dead', 300);
    expect(await claimShards(sql, 'dead', 64)).toHaveLength(64);
    const shard = shardOf(tenantId);
    const [batch] = await readBatches(sql, [{ shard, floor: 0 }], { shards: 1, pointers: 500 });
    sent.push(...(batch?.messages ?? []));
    startRelay();
    await outbox.enqueueTx(sql, [event(tenantId, 2n)]);
    await drained();
    expect(sentOf(tenantId)).toEqual(['lifecycle 1', 'lifecycle 1', 'lifecycle 2']);
  });

  it('keeps its lease over a send that is longer than it', async () => {
    const tenantId = newId();
    const gate = Promise.withResolvers<void>();
    let sends = 0;
    const transport = {
      publish: async (messages: readonly OutboundMessage[]) => {
        sends++;
        await gate.promise;
        sent.push(...messages);
      },
    };
    startRelay({ leaseMs: 1_500, transport });
    startRelay({ leaseMs: 1_500, transport });
    await outbox.enqueueTx(sql, [event(tenantId, 1n)]);
    const lease = () =>
      sql.query<{ lease_until: Date }>(
        'SELECT m.lease_until FROM tenantry.relay_shard s JOIN tenantry.relay_member m USING (owner) WHERE s.shard = $1',
        [shardOf(tenantId)],
      );
    const [first] = await waitFor('a claim', async () => {
      const rows = await lease();
      return sends > 0 && rows;
    });
    const later = async () => {
      const [now] = await lease();
      return (
        now !== undefined &&
        first !== undefined &&
        now.lease_until.getTime() > first.lease_until.getTime() + 1_500
      );
    };
    await waitFor('more than a lease time', later).finally(() => gate.resolve());
    await drained();
    expect(sends).toBe(1);
  });

  it('shares the shards among relays without a double or an inversion', async () => {
    const tenants = Array.from({ length: 40 }, newId);
    for (let n = 0; n < 3; n++) startRelay({ batchSize: 7, concurrency: 3 });
    const writes = tenants.map(async (tenantId) => {
      for (let seq = 1n; seq <= 10n; seq++) await outbox.enqueueTx(sql, [event(tenantId, seq)]);
    });
    await Promise.all(writes);
    await drained();
    const expected = Array.from({ length: 10 }, (_, index) => `lifecycle ${index + 1}`);
    for (const tenantId of tenants) expect(sentOf(tenantId)).toEqual(expected);
  });

  describe('among others', () => {
    const owned = async () =>
      (
        await sql.query<{ shards: number }>(
          'SELECT count(*)::int AS shards FROM tenantry.relay_shard WHERE owner IS NOT NULL GROUP BY owner ORDER BY 1',
        )
      ).map(({ shards }) => shards);

    it('has its fair share of the shards, and all of them when the others have left', async () => {
      const [, second, third] = [startRelay(), startRelay(), startRelay()];
      await waitFor('a third each', async () => (await owned()).join() === '20,22,22');
      await Promise.all([second?.stop(), third?.stop()]);
      await waitFor('one with all', async () => (await owned()).join() === '64');
    });

    it('does not take a shard that went to one that joined meanwhile', async () => {
      const client = await pool.connect();
      await joinRelays(sql, 'asker', 60_000);
      await client.query('BEGIN');
      await client.query(
        `UPDATE tenantry.relay_shard SET owner = 'joiner', lease = nextval('tenantry.relay_lease') WHERE shard = 7`,
      );
      // It has looked, saw the shard free, and waits for the other's transaction.
      const claiming = claimShards(sql, 'asker', 64);
      await waitFor(
        'a claim that waits',
        async () =>
          (
            await sql.query(
              `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
            )
          ).length === 1,
      );
      await joinRelays(sql, 'joiner', 60_000);
      await client.query('COMMIT');
      client.release();
      expect((await claiming).map(({ shard }) => shard)).not.toContain(7);
      await sql.query('DELETE FROM tenantry.relay_member');
    });
  });

  describe('whose connections fall silent', () => {
    let proxy: SilencingProxy;
    let silenced: Pool;

    beforeEach(async () => {
      proxy = await silencingProxy(database.controlUrl);
      silenced = new Pool({
        connectionString: proxy.url,
        connectionTimeoutMillis: 500,
        query_timeout: 500,
      });
      silenced.on('error', () => undefined);
    });

    afterEach(async () => {
      await Promise.all(relays.map((relay) => relay.stop()));
      await silenced.end();
      await proxy.close();
    });

    it('goes on with new ones', async () => {
      startRelay({ pool: silenced });
      const sentOf = (tenantId: string) => sent.some(({ envelope }) => envelope.subject === tenantId);
      const [first, second] = [newId(), newId()];
      await outbox.enqueueTx(sql, [event(first, 1n)]);
      await waitFor('the first to be sent', () => sentOf(first));
      proxy.silence();
      await outbox.enqueueTx(sql, [event(second, 1n)]);
      await waitFor('the second to be sent', () => sentOf(second));
    });

    it('stops nevertheless', async () => {
      const hanging = new Pool({ connectionString: proxy.url });
      hanging.on('error', () => undefined);
      const relay = startRelay({ pool: hanging });
      const tenantId = newId();
      await outbox.enqueueTx(sql, [event(tenantId, 1n)]);
      await waitFor('it to be sent', () => sent.length > 0);
      proxy.silenceForGood();
      await waitFor('an answer that is lost', () => proxy.swallowed() > 0);
      const began = performance.now();
      await relay.stop();
      expect(performance.now() - began).toBeLessThan(5_000);
      await proxy.close();
      await hanging.end();
    });
  });
});
