import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { busDatabase, type BusDatabase } from '@tenantry/testing';
import { Pool } from 'pg';
import { Outbox, type NewEvent } from './outbox.js';
import { ShardFloors } from './relay-floors.js';
import { deletePointers, readBatches } from './relay-shard.store.js';
import { shardOf } from './shard.js';

describe('ShardFloors', () => {
  let database: BusDatabase;
  let pool: Pool;
  let sql: SqlExecutor;
  let floors: ShardFloors;
  const outbox = new Outbox();
  const tenantId = newId();
  const shard = shardOf(tenantId);
  let seq = 0n;

  const event = (): NewEvent => ({
    tenantId,
    tenantSeq: ++seq,
    generation: 1,
    type: 'tenant.updated.v1',
    data: { version: 1, plan: 'free', changed: ['plan'] },
  });

  beforeAll(async () => {
    database = await busDatabase();
    pool = new Pool({ connectionString: database.controlUrl, max: 5 });
    sql = pgExecutor(pool);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    floors = new ShardFloors(sql);
    await sql.query('DELETE FROM tenantry.outbox_pending');
  });

  /** Reads the shard as the relay does; answers the tenant's sequences, oldest first. */
  async function read(): Promise<{ seqs: bigint[]; pointers: readonly string[] }> {
    const [batch] = await readBatches(sql, [{ shard, floor: floors.of(shard) }], {
      shards: 1,
      pointers: 500,
    });
    if (!batch) return { seqs: [], pointers: [] };
    floors.read(shard, batch.lastNo);
    const seqs = batch.messages.map(({ envelope }) => BigInt(envelope.tenantSeq ?? 0));
    return { seqs, pointers: batch.pointers };
  }

  async function advance(): Promise<void> {
    await floors.advance();
    await floors.advance();
  }

  it('rise over what was sent, and not over what is still to be sent', async () => {
    await outbox.enqueueTx(sql, [event(), event(), event()]);
    const { pointers } = await read();
    await deletePointers(sql, pointers.slice(0, 2));
    await advance();
    expect(floors.of(shard)).toBe(Number(pointers[2]));
    await deletePointers(sql, pointers);
    await advance();
    expect(floors.of(shard)).toBe(Number(pointers[2]) + 1);
    await outbox.enqueueTx(sql, [event()]);
    expect((await read()).seqs).toEqual([seq]);
  });

  it('do not rise over a number that a transaction drew and has not committed yet', async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    await outbox.enqueueTx(pgExecutor(client), [event()]);
    const late = seq;
    await outbox.enqueueTx(sql, [event()]);
    await deletePointers(sql, (await read()).pointers);
    await advance();
    await advance();
    await client.query('COMMIT');
    client.release();
    expect((await read()).seqs).toEqual([late]);
    await advance();
    expect((await read()).seqs).toEqual([late]);
  });

  it('rise although a transaction that writes no pointers stays open', async () => {
    const client = await pool.connect();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await client.query('SELECT count(*) FROM tenantry.outbox_pending');
    await client.query('SELECT pg_current_xact_id()');
    await outbox.enqueueTx(sql, [event()]);
    const { pointers } = await read();
    await deletePointers(sql, pointers);
    await advance();
    expect(floors.of(shard)).toBe(Number(pointers[0]) + 1);
    await client.query('ROLLBACK');
    client.release();
  });
});
