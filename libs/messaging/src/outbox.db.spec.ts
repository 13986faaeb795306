import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Envelope, StateRecord } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { busDatabase, waitFor, type BusDatabase } from '@tenantry/testing';
import { Client, Pool } from 'pg';
import { MAX_MESSAGE_BYTES } from './message-bounds.js';
import { Outbox, OUTBOX_CHANNEL, type NewEvent } from './outbox.js';
import { Relay } from './relay.js';
import { UnpublishableMessage } from './unpublishable-message.js';

const provisioned = (tenantId: string, tenantSeq: bigint): NewEvent => ({
  tenantId,
  tenantSeq,
  generation: 1,
  type: 'tenant.provisioned.v1',
  data: { operationId: newId(), generation: 1, state: 'ACTIVE' },
});

const stateOf = (tenantId: string, tenantSeq: string): StateRecord => ({
  tenantId,
  slug: 'acme',
  state: 'ACTIVE',
  plan: 'free',
  region: 'default',
  isolation: 'pooled',
  generation: 1,
  version: 1,
  tenantSeq,
  routes: [],
  updatedAt: '2026-01-01T00:00:00.000Z',
});

describe('Outbox', () => {
  let database: BusDatabase;
  let pool: Pool;
  let sql: SqlExecutor;
  const outbox = new Outbox();

  beforeAll(async () => {
    database = await busDatabase();
    pool = new Pool({ connectionString: database.controlUrl });
    sql = pgExecutor(pool);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('writes history and pointers together, pointers in the given order', async () => {
    const tenantId = newId();
    await outbox.enqueueTx(
      sql,
      [1n, 2n, 3n].map((seq) => ({ ...provisioned(tenantId, seq), traceparent: '00-a-b-01' })),
    );
    const pending = await sql.query<{ tenant_seq: string; envelope: Envelope }>(
      `SELECT p.tenant_seq, e.envelope FROM tenantry.outbox_pending p JOIN tenantry.tenant_event e USING (event_id)
      WHERE p.tenant_id = $1 ORDER BY enqueue_no`,
      [tenantId],
    );
    expect(pending.map((row) => row.tenant_seq)).toEqual(['1', '2', '3']);
    expect(pending[0]?.envelope).toMatchObject({
      source: '/tenantry/control-plane',
      type: 'tenant.provisioned.v1',
      subject: tenantId,
      tenantSeq: '1',
      generation: '1',
      traceparent: '00-a-b-01',
      data: { state: 'ACTIVE' },
    });
  });

  it('keeps one state record a tenant and one pointer a change', async () => {
    const tenantId = newId();
    await outbox.saveStateTx(sql, stateOf(tenantId, '1'));
    await outbox.saveStateTx(sql, stateOf(tenantId, '2'));
    const states = await sql.query(
      'SELECT tenant_seq, record FROM tenantry.tenant_state WHERE tenant_id = $1',
      [tenantId],
    );
    expect(states).toEqual([{ tenant_seq: '2', record: stateOf(tenantId, '2') }]);
    const pointers = await sql.query(
      'SELECT event_id, topic FROM tenantry.outbox_pending WHERE tenant_id = $1',
      [tenantId],
    );
    expect(pointers).toEqual([
      { event_id: null, topic: 'state' },
      { event_id: null, topic: 'state' },
    ]);
  });

  it('refuses what breaks its schema, so that the transaction aborts', async () => {
    const broken = {
      ...provisioned(newId(), 1n),
      data: { operationId: 'x', generation: 1, state: 'ACTIVE' as const },
    };
    await expect(outbox.enqueueTx(sql, [provisioned(newId(), 1n), broken])).rejects.toThrow(
      UnpublishableMessage,
    );
    const undeclared = { ...stateOf(newId(), '1'), email: 'someone@example.org' };
    await expect(outbox.saveStateTx(sql, undeclared)).rejects.toThrow(UnpublishableMessage);
  });

  it('refuses what is too large', async () => {
    const event: NewEvent = {
      ...provisioned(newId(), 1n),
      type: 'tenant.updated.v1',
      data: { version: 1, plan: 'x'.repeat(MAX_MESSAGE_BYTES), changed: ['plan'] },
    };
    await expect(outbox.enqueueTx(sql, [event])).rejects.toThrow('bytes');
  });

  it('takes a sequence of a tenant once', async () => {
    const tenantId = newId();
    await outbox.enqueueTx(sql, [provisioned(tenantId, 1n)]);
    await expect(outbox.enqueueTx(sql, [provisioned(tenantId, 1n)])).rejects.toThrow(
      /tenant_event_.*_seq_key/,
    );
  });

  it('keeps the history from being changed by whoever writes it', async () => {
    await expect(sql.query('UPDATE tenantry.tenant_event SET tenant_seq = 1')).rejects.toThrow(
      'permission denied',
    );
    await expect(sql.query('DELETE FROM tenantry.tenant_event')).rejects.toThrow('permission denied');
  });

  it('wakes relays of other processes by NOTIFY, unless that is switched off: then they find it by their poll', async () => {
    const listener = new Client({ connectionString: database.controlUrl });
    await listener.connect();
    let heard = 0;
    listener.on('notification', () => (heard += 1));
    await listener.query(`LISTEN ${OUTBOX_CHANNEL}`);
    const quiet = newId();
    await new Outbox({ notify: false }).enqueueTx(sql, [provisioned(quiet, 1n)]);
    await new Outbox({ notify: false }).saveStateTx(sql, stateOf(quiet, '1'));
    await outbox.enqueueTx(sql, [provisioned(newId(), 1n)]);
    await waitFor('the one that is told', () => heard > 0);
    expect(heard).toBe(1);
    await listener.end();

    const sent: string[] = [];
    const relay = new Relay({
      pool,
      transport: {
        publish: async (messages) => void sent.push(...messages.map(({ envelope }) => envelope.subject)),
      },
      logger: {
        debug: () => undefined,
        info: () => undefined,
        warn: () => undefined,
        error: () => undefined,
      },
      listen: false,
    });
    relay.start();
    await waitFor('what was there', () => sent.includes(quiet));
    const later = newId();
    await new Outbox({ notify: false }).enqueueTx(sql, [provisioned(later, 1n)]);
    await waitFor('what came later', () => sent.includes(later));
    await relay.stop();
  });
});
