import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pgExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import {
  consumerDatabase,
  factEvent,
  recordMetrics,
  waitFor,
  type ConsumerDatabase,
  type RecordedMetrics,
} from '@tenantry/testing';
import { Pool } from 'pg';
import { AcknowledgementSender } from '../consumer/acknowledgement-sender.js';
import { acknowledgementEnvelope, enqueueAcknowledgementTx } from '../consumer/acknowledgement-outbox.js';
import { LifecycleConsumer } from '../consumer/lifecycle-consumer.js';
import type { LifecycleEnvelope } from '../transport.js';
import { CONSUMER_OUTCOMES } from './consumer-metrics.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const GROUP = 'billing';

describe('the metrics of a participant', () => {
  let database: ConsumerDatabase;
  let pool: Pool;
  let recorded: RecordedMetrics;

  beforeAll(async () => {
    database = await consumerDatabase();
    pool = new Pool({ connectionString: (await database.newLogin()).url, max: 6 });
    recorded = recordMetrics();
  });

  afterAll(async () => {
    await recorded.stop();
    await pool.end();
    await database.drop();
  });

  const updated = (tenantId: string, seq: number, plan = 'free'): LifecycleEnvelope =>
    factEvent({ tenantId, seq, type: 'tenant.updated.v1' }, { version: 1, plan, changed: ['plan'] });

  async function counts(): Promise<Record<string, number | undefined>> {
    const entries = CONSUMER_OUTCOMES.map(async (outcome) => [
      outcome,
      await recorded.value('tenantry_consumer_events_total', { group: GROUP, outcome }),
    ]);
    return Object.fromEntries(await Promise.all(entries));
  }

  it('count the events by what became of them, and time them', async () => {
    const unreachable = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/nothing' });
    const consumerOver = (database: Pool) =>
      new LifecycleConsumer({
        pool: database,
        participant: GROUP,
        group: GROUP,
        factAttempts: 1,
        logger,
        facts: {
          'tenant.updated.v1': async ({ data }) => {
            if (data.plan === 'poison') throw new Error('cannot be applied');
          },
        },
      });
    const consumer = consumerOver(pool);
    expect(await counts()).toEqual({ done: 0, duplicate: 0, parked: 0, rejected: 0, failed: 0 });
    const [tenantId, poisoned] = [newId(), newId()];
    await consumer.handle(updated(tenantId, 1));
    await consumer.handle(updated(tenantId, 1));
    await consumer.handle(updated(poisoned, 1, 'poison'));
    await consumer.handle(updated(poisoned, 2));
    await consumer.handle({ ...updated(tenantId, 2), data: {} });
    await consumer.onMalformed('no envelope', '{');
    await expect(consumerOver(unreachable).handle(updated(tenantId, 3))).rejects.toThrow();
    await unreachable.end();
    expect(await counts()).toEqual({ done: 1, duplicate: 1, parked: 2, rejected: 2, failed: 1 });
    expect(await recorded.value('tenantry_consumer_handling_seconds', { group: GROUP })).toBe(6);
  });

  it('show the answers that wait, and for how long the oldest has', async () => {
    let down = true;
    const sender = new AcknowledgementSender({
      pool,
      participant: GROUP,
      registration: { capabilities: ['provision'], stores: [], version: '1' },
      logger,
      transport: {
        acknowledge: async () => {
          if (down) throw new Error('the broker is away');
        },
      },
      pollMs: 10,
    });
    const pending = () => recorded.value('tenantry_acknowledgements_pending');
    const oldest = () => recorded.value('tenantry_acknowledgements_oldest_age_seconds');
    await pool.query('DELETE FROM tenantry.acknowledgement_outbox');
    const answer = acknowledgementEnvelope('participant.heartbeat.v1', GROUP, GROUP, {
      participant: GROUP,
      capabilities: [],
      stores: [],
      version: '1',
    });
    const anHourAgo = new Date(Date.now() - 3_600_000).toISOString();
    await enqueueAcknowledgementTx(pgExecutor(pool), { ...answer, time: anHourAgo });
    await enqueueAcknowledgementTx(pgExecutor(pool), answer);
    sender.start();
    expect(await pending()).toBe(2);
    expect(await oldest()).toBeGreaterThanOrEqual(3600);
    down = false;
    sender.wake();
    await waitFor('everything to be said', async () => (await pending()) === 0);
    expect(await oldest()).toBe(0);
    await sender.stop();
  });
});
