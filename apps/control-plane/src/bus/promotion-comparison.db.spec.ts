import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { StateRecord } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { EPOCH_SIZE, Outbox, raiseEpochTx, readEpoch, type OutboundMessage } from '@tenantry/messaging';
import { busDatabase, stateRecord, waitFor, type BusDatabase } from '@tenantry/testing';
import { Pool } from 'pg';
import { readPromotion } from '../identity/promotion.js';
import { DATABASE_IDENTITY_SQL } from '../migrations/0025-database-identity.sql.js';
import { GuardedRelay } from './guarded-relay.js';
import { PromotionComparison } from './promotion-comparison.js';

const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

describe('a relay whose database server was promoted', () => {
  let database: BusDatabase;
  let admin: Pool;
  let pool: Pool;
  let owner: SqlExecutor;
  let sql: SqlExecutor;
  let relay: GuardedRelay;
  let channel: StateRecord[];
  let reading: { caughtUp: () => void } | undefined;
  let sent: OutboundMessage[];
  beforeAll(async () => {
    database = await busDatabase();
    admin = new Pool({ connectionString: database.adminUrl, max: 1 });
    pool = new Pool({ connectionString: database.controlUrl, max: 20 });
    owner = pgExecutor(admin);
    sql = pgExecutor(pool);
    await admin.query(DATABASE_IDENTITY_SQL);
  });
  afterAll(async () => {
    await pool.end();
    await admin.end();
    await database.drop();
  });
  beforeEach(async () => {
    channel = [];
    reading = undefined;
    sent = [];
    await admin.query(`INSERT INTO tenantry.database_identity (database_oid, server_version, written_by, noted_at)
      VALUES (1, 180000, pg_current_xact_id(), now()) ON CONFLICT (single) DO UPDATE SET promoted_at = clock_timestamp(), compared_at = NULL`);
    await admin.query('UPDATE tenantry.database_identity SET promoted_at = clock_timestamp()');
  });
  afterEach(() => relay.stop());

  /** @param comparable whether the transport has a channel that can be compared. */
  function start(comparable = true): void {
    const comparison = new PromotionComparison({
      pool,
      logger,
      settleMs: 20,
      transport: {
        readOwnState: ({ handler, onCaughtUp }) => {
          if (!comparable) return undefined;
          for (const record of channel) handler(record);
          reading = { caughtUp: () => onCaughtUp?.() };
          return { stop: () => Promise.resolve(), failed: new Promise<never>(() => undefined) };
        },
      },
    });
    const publish = async (messages: readonly OutboundMessage[]) => void sent.push(...messages);
    relay = new GuardedRelay({ pool, logger, comparison, transport: { publish } });
    relay.start();
  }
  /** A tenant at this sequence, whose record is pending. */
  async function tenant(sequence: number): Promise<StateRecord> {
    const record = stateRecord({ tenantId: newId(), state: 'ACTIVE', generation: sequence });
    await new Outbox().saveStateTx(sql, record);
    return record;
  }
  const isSent = ({ tenantId }: StateRecord) => sent.some(({ envelope }) => envelope.subject === tenantId);
  const compared = async () => (await readPromotion(sql))?.compared;

  it('sends nothing until all of the channel was compared, and then goes on by itself', async () => {
    const record = await tenant(5);
    channel = [record, stateRecord({ ...record, state: 'ACTIVE', generation: 4 })];
    start();
    await waitFor('the channel to be read', () => reading);
    expect(sent).toEqual([]);
    expect(await compared()).toBe(false);
    reading!.caughtUp();
    await waitFor('it to be sent', () => isSent(record));
    expect(await compared()).toBe(true);
    expect((await readEpoch(sql)).ahead).toBeUndefined();
  });

  it('sends nothing when the channel holds what was lost, until the epoch is raised', async () => {
    const record = await tenant(5);
    channel = [stateRecord({ ...record, state: 'SUSPENDED', generation: 6 })];
    start();
    await waitFor('the channel to be read', () => reading);
    reading!.caughtUp();
    await waitFor('the loss to be noted', async () => (await readEpoch(sql)).ahead);
    await waitFor('the comparison to be over', compared);
    expect(isSent(record)).toBe(false);
    await raiseEpochTx(owner);
    await waitFor('it to be sent', () => isSent(record));
    expect((await readEpoch(sql)).epoch * EPOCH_SIZE).toBeGreaterThan(6);
  });

  it('goes on where there is nothing to compare with', async () => {
    const record = await tenant(5);
    start(false);
    await waitFor('it to be sent', () => isSent(record));
    expect(await compared()).toBe(false);
  });

  it('can be stopped while the channel is read', async () => {
    start();
    await waitFor('the channel to be read', () => reading);
    await relay.stop();
    expect(await compared()).toBe(false);
  });
});
