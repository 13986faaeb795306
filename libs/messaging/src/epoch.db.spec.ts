import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { StateRecord } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { busDatabase, waitFor, type BusDatabase } from '@tenantry/testing';
import { Pool } from 'pg';
import { EPOCH_SIZE, epochOf, MAX_EPOCH, noteAhead, raiseEpochTx, readEpoch } from './epoch.js';
import { Outbox } from './outbox.js';
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

describe('the epoch', () => {
  let database: BusDatabase;
  let admin: Pool;
  let pool: Pool;
  let owner: SqlExecutor;
  let sql: SqlExecutor;
  beforeAll(async () => {
    database = await busDatabase();
    admin = new Pool({ connectionString: database.adminUrl });
    pool = new Pool({ connectionString: database.controlUrl });
    owner = pgExecutor(admin);
    sql = pgExecutor(pool);
  });
  afterAll(async () => {
    await pool.end();
    await admin.end();
    await database.drop();
  });
  beforeEach(() => owner.query('UPDATE tenantry.epoch SET epoch = 0, ahead_tenant = NULL, ahead_seq = NULL'));

  it('leads the numbers that are given out in it, and leaves them whole', () => {
    expect([1, EPOCH_SIZE - 1, EPOCH_SIZE, 7 * EPOCH_SIZE + 3].map(epochOf)).toEqual([0, 0, 1, 7]);
    expect(Number.isSafeInteger(MAX_EPOCH * EPOCH_SIZE + EPOCH_SIZE - 1)).toBe(true);
  });

  it('is raised above what is known of it, by the owner alone', async () => {
    expect(await raiseEpochTx(owner)).toEqual({ before: 0, epoch: 1 });
    expect(await raiseEpochTx(owner, { seen: String(4 * EPOCH_SIZE) })).toEqual({ before: 1, epoch: 5 });
    await noteAhead(sql, { tenantId: newId(), tenantSeq: String(8 * EPOCH_SIZE + 1) });
    expect(await raiseEpochTx(owner)).toEqual({ before: 5, epoch: 9 });
    expect(await raiseEpochTx(owner, { wanted: 12 })).toEqual({ before: 9, epoch: 12 });
    await expect(raiseEpochTx(owner, { wanted: 12 })).rejects.toThrow('at least 13');
    await expect(raiseEpochTx(owner, { wanted: MAX_EPOCH + 1 })).rejects.toThrow(RangeError);
    await expect(raiseEpochTx(sql)).rejects.toThrow('permission denied');
  });

  describe('when the state channel is read', () => {
    let repair: StateRepair;
    let tenantId: string;
    beforeEach(async () => {
      tenantId = newId();
      await new Outbox().saveStateTx(sql, stateOf(tenantId, 7, 3));
      repair = new StateRepair({ pool, logger, settleMs: 40 });
      repair.start();
    });
    afterEach(() => repair.stop());

    const ahead = () => waitFor('it to be seen', async () => (await readEpoch(sql)).ahead);

    it.each([
      ['sequence', 8, 1],
      ['version', 7, 4],
    ])(
      'is told to be behind when a record is there of a higher %s than the database knows',
      async (_what, seq, version) => {
        repair.read(stateOf(tenantId, seq, version));
        expect(await ahead()).toMatchObject({ tenantId, tenantSeq: String(seq) });
      },
    );

    it('is told so too when a lower record lies above it by now', async () => {
      repair.read(stateOf(tenantId, 9, 1));
      repair.read(stateOf(tenantId, 7, 3));
      expect(await ahead()).toMatchObject({ tenantId, tenantSeq: '9' });
    });

    it('is not told so by what the database has published, nor by a tenant that it does not know', async () => {
      const marker = newId();
      await new Outbox().saveStateTx(sql, stateOf(marker, 1, 1));
      repair.read(stateOf(newId(), 99, 1));
      repair.read(stateOf(tenantId, 7, 3));
      repair.read(stateOf(tenantId, 6, 9));
      repair.read(stateOf(marker, 2, 1));
      // What was read before the marker was compared with it.
      expect(await ahead()).toMatchObject({ tenantId: marker });
    });

    it('is above it, and nothing more is told, when it was raised', async () => {
      repair.read(stateOf(tenantId, 3 * EPOCH_SIZE + 5, 1));
      await ahead();
      expect(await raiseEpochTx(owner)).toEqual({ before: 0, epoch: 4 });
      expect(await readEpoch(sql)).toEqual({ epoch: 4, ahead: undefined });
    });
  });
});
