import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { StateRecord } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { busDatabase, waitFor, type BusDatabase } from '@tenantry/testing';
import { Pool } from 'pg';
import { Outbox } from './outbox.js';
import { readBatches } from './relay-shard.store.js';
import { shardOf } from './shard.js';
import { StateRepair } from './state-repair.js';

const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const stateOf = (tenantId: string, tenantSeq: number, version: number): StateRecord => ({
  tenantId,
  slug: 'acme',
  state: 'ACTIVE',
  plan: 'free',
  region: 'default',
  isolation: 'pooled',
  generation: 1,
  version,
  tenantSeq: String(tenantSeq),
  routes: [],
  updatedAt: '2026-01-01T00:00:00.000Z',
});

describe('StateRepair', () => {
  let database: BusDatabase;
  let pool: Pool;
  let sql: SqlExecutor;
  let repair: StateRepair;
  let tenantId: string;
  beforeAll(async () => {
    database = await busDatabase();
    pool = new Pool({ connectionString: database.controlUrl, max: 4 });
    sql = pgExecutor(pool);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  beforeEach(async () => {
    tenantId = newId();
    repair = new StateRepair({ pool, logger, settleMs: 40 });
    repair.start();
    // What is there now, sent.
    await new Outbox().saveStateTx(sql, stateOf(tenantId, 7, 3));
    await sql.query('DELETE FROM tenantry.outbox_pending');
  });
  afterEach(() => repair.stop());

  const pending = () => sql.query('SELECT 1 FROM tenantry.outbox_pending WHERE tenant_id = $1', [tenantId]);
  /** Another tenant's outdated record, whose repair shows that everything read before it was compared. */
  async function comparedByNow(): Promise<void> {
    const marker = newId();
    await new Outbox().saveStateTx(sql, stateOf(marker, 2, 2));
    await sql.query('DELETE FROM tenantry.outbox_pending WHERE tenant_id = $1', [marker]);
    repair.read(stateOf(marker, 1, 1));
    const repaired = () => sql.query('SELECT 1 FROM tenantry.outbox_pending WHERE tenant_id = $1', [marker]);
    await waitFor('the marker to be repaired', async () => (await repaired()).length === 1);
  }

  it.each([
    ['sequence', 6, 3],
    ['version', 7, 2],
  ])('publishes the present record again when one of a lower %s lies last', async (_what, seq, version) => {
    repair.read(stateOf(tenantId, 7, 3));
    repair.read(stateOf(tenantId, seq, version));
    await waitFor('a pointer', async () => (await pending()).length === 1);
    const [batch] = await readBatches(sql, [{ shard: shardOf(tenantId), floor: 0 }], {
      shards: 1,
      pointers: 10,
    });
    expect(batch?.messages.map(({ channel, envelope }) => [channel, envelope.data])).toEqual([
      ['state', stateOf(tenantId, 7, 3)],
    ]);
  });

  it('leaves it when the present record lies last', async () => {
    repair.read(stateOf(tenantId, 6, 3));
    repair.read(stateOf(tenantId, 7, 3));
    await comparedByNow();
    expect(await pending()).toEqual([]);
  });

  it('leaves it when the record is being sent anyhow', async () => {
    await new Outbox().saveStateTx(sql, stateOf(tenantId, 8, 4));
    repair.read(stateOf(tenantId, 7, 3));
    await comparedByNow();
    expect(await pending()).toHaveLength(1);
  });

  it('leaves a tenant alone that it does not know', async () => {
    repair.read(stateOf(newId(), 1, 1));
    await comparedByNow();
    expect(await sql.query('SELECT 1 FROM tenantry.outbox_pending')).toHaveLength(1);
  });
});
