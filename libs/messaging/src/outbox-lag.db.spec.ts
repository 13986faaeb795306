import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { busDatabase, recordMetrics, type BusDatabase } from '@tenantry/testing';
import { Pool } from 'pg';
import { OutboxLag } from './outbox-lag.js';
import { Outbox, type NewEvent } from './outbox.js';

const updated = (tenantId: string, tenantSeq: bigint): NewEvent => ({
  tenantId,
  tenantSeq,
  generation: 1,
  type: 'tenant.updated.v1',
  data: { version: 1, plan: 'free', changed: ['plan'] },
});

describe('the lag of the outbox', () => {
  let database: BusDatabase;
  let pool: Pool;
  let sql: SqlExecutor;
  beforeAll(async () => {
    database = await busDatabase();
    pool = new Pool({ connectionString: database.controlUrl });
    sql = pgExecutor(pool);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('is how much waits, and for how long the oldest has, and is measured', async () => {
    const metrics = recordMetrics();
    const lag = new OutboxLag({ sql, freshMs: 0 });
    const end = lag.measure();
    expect(await lag.read()).toEqual({ pending: 0, oldestMs: 0 });
    const tenantId = newId();
    await new Outbox().enqueueTx(
      sql,
      [1n, 2n, 3n].map((seq) => updated(tenantId, seq)),
    );
    await new Outbox().saveStateTx(sql, {
      tenantId,
      slug: 'acme',
      state: 'ACTIVE',
      plan: 'free',
      region: 'default',
      isolation: 'pooled',
      generation: 1,
      version: 1,
      tenantSeq: '3',
      routes: [],
      updatedAt: '2026-01-01T00:00:00.000Z',
    });
    const admin = new Pool({ connectionString: database.adminUrl });
    await admin.query(
      `UPDATE tenantry.outbox_pending SET occurred_at = now() - interval '1 hour' WHERE tenant_seq = 1 AND topic = 'lifecycle'`,
    );
    await admin.end();
    const { pending, oldestMs } = await lag.read();
    expect(pending).toBe(4);
    expect(oldestMs).toBeGreaterThanOrEqual(3_600_000);
    expect(await metrics.value('tenantry_outbox_pending')).toBe(4);
    expect(await metrics.value('tenantry_outbox_oldest_age_seconds')).toBeGreaterThanOrEqual(3600);
    end();
    await metrics.stop();
  });

  it('is asked for once in a while, however often somebody wants to know', async () => {
    let asked = 0;
    const counting: SqlExecutor = {
      query: (text, params) => {
        asked += 1;
        return sql.query(text, params);
      },
    };
    const lag = new OutboxLag({ sql: counting, freshMs: 60_000 });
    await Promise.all([lag.read(), lag.read()]);
    await lag.read();
    expect(asked).toBe(1);
  });

  it('is asked for again after an error', async () => {
    let failing = true;
    const lag = new OutboxLag({
      sql: {
        query: (text, params) => (failing ? Promise.reject(new Error('away')) : sql.query(text, params)),
      },
    });
    await expect(lag.read()).rejects.toThrow('away');
    failing = false;
    await expect(lag.read()).resolves.toMatchObject({ oldestMs: expect.any(Number) });
  });
});
