import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { EPOCH_SIZE, Outbox, raiseEpochTx, type OutboundMessage } from '@tenantry/messaging';
import { busDatabase, waitFor, type BusDatabase } from '@tenantry/testing';
import { Pool } from 'pg';
import { GuardedRelay } from './guarded-relay.js';

describe('the relay of a database that is behind its state channel', () => {
  let database: BusDatabase;
  let admin: Pool;
  let pool: Pool;
  let owner: SqlExecutor;
  let sql: SqlExecutor;
  let relay: GuardedRelay;
  let sent: OutboundMessage[];
  let told: string[];
  beforeAll(async () => {
    database = await busDatabase();
    admin = new Pool({ connectionString: database.adminUrl });
    pool = new Pool({ connectionString: database.controlUrl, max: 20 });
    owner = pgExecutor(admin);
    sql = pgExecutor(pool);
  });
  afterAll(async () => {
    await pool.end();
    await admin.end();
    await database.drop();
  });
  beforeEach(() => {
    sent = [];
    told = [];
    const note = (_fields: object, message: string) => void told.push(message);
    relay = new GuardedRelay({
      pool,
      logger: { debug: note, info: note, warn: note, error: note },
      transport: { publish: async (messages) => void sent.push(...messages) },
    });
  });
  afterEach(() => relay.stop());

  const enqueue = async (): Promise<string> => {
    const tenantId = newId();
    await new Outbox().enqueueTx(sql, [
      {
        tenantId,
        tenantSeq: 1n,
        generation: 1,
        type: 'tenant.updated.v1',
        data: { version: 1, plan: 'free', changed: ['plan'] },
      },
    ]);
    return tenantId;
  };
  const isSent = (tenantId: string) => sent.some(({ envelope }) => envelope.subject === tenantId);
  const seeAhead = (tenantSeq: number) =>
    sql.query('UPDATE tenantry.epoch SET ahead_tenant = $1, ahead_seq = $2, ahead_seen_at = now()', [
      newId(),
      tenantSeq,
    ]);
  const isHeld = () =>
    waitFor('it to be held back', () => told.some((message) => message.includes('--raise-epoch')));

  it('sends nothing until the epoch is raised, and then everything', async () => {
    await seeAhead(5);
    relay.start();
    await isHeld();
    const tenantId = await enqueue();
    relay.wake();
    await waitFor('another look', async () => {
      const [seen] = await sql.query<{ held: boolean }>(
        'SELECT count(*) = 1 AS held FROM tenantry.outbox_pending WHERE tenant_id = $1',
        [tenantId],
      );
      return seen?.held;
    });
    expect(sent).toEqual([]);
    await raiseEpochTx(owner);
    await waitFor('it to be sent', () => isSent(tenantId));
    expect(told.filter((message) => message.includes('--raise-epoch'))).toHaveLength(1);
  });

  it('is stopped when it is seen while it runs', async () => {
    relay.start();
    const before = await enqueue();
    await waitFor('it to be sent', () => isSent(before));
    await seeAhead(2 * EPOCH_SIZE);
    await isHeld();
    const after = await enqueue();
    expect(isSent(after)).toBe(false);
    await raiseEpochTx(owner);
    await waitFor('it to be sent', () => isSent(after));
  });
});
