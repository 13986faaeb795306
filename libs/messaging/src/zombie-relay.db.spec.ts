import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StateRecord } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import {
  busDatabase,
  consumerDatabase,
  silencingProxy,
  waitFor,
  type BusDatabase,
  type ConsumerDatabase,
} from '@tenantry/testing';
import { Kafka, logLevel } from 'kafkajs';
import { Pool } from 'pg';
import { LifecycleConsumer } from './consumer/lifecycle-consumer.js';
import { createKafkaControlPlaneTransport } from './kafka/kafka-control-plane-transport.js';
import { createKafkaParticipantTransport } from './kafka/kafka-participant-transport.js';
import { Outbox } from './outbox.js';
import { Relay } from './relay.js';
import { StateRepair } from './state-repair.js';
import type { OutboundMessage } from './transport.js';

const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

// Without a broker the suite is skipped, and `npm test` says so; where Kafka is required it runs and fails.
const brokers = (process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092').split(',');
const onKafka =
  process.env['KAFKA_BROKERS'] || process.env['REQUIRE_KAFKA'] === '1' ? describe : describe.skip;

onKafka('a zombie relay past its lease publishes late', () => {
  const topicPrefix = `test-${newId()}`;
  const connection = { brokers, topicPrefix, logger };
  let bus: BusDatabase;
  let service: ConsumerDatabase;
  let pool: Pool;
  let servicePool: Pool;
  let sql: SqlExecutor;
  beforeAll(async () => {
    bus = await busDatabase();
    service = await consumerDatabase();
    pool = new Pool({ connectionString: bus.controlUrl, max: 10 });
    servicePool = new Pool({ connectionString: (await service.newLogin()).url });
    sql = pgExecutor(pool);
  });
  afterAll(async () => {
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(topicPrefix));
    await admin.deleteTopics({ topics });
    await admin.disconnect();
    await Promise.all([pool.end(), servicePool.end()]);
    await Promise.all([bus.drop(), service.drop()]);
  });

  const change = async (tenantId: string, seq: number): Promise<void> => {
    const record: StateRecord = {
      tenantId,
      slug: 'acme',
      state: 'ACTIVE',
      plan: `plan-${seq}`,
      region: 'default',
      isolation: 'pooled',
      generation: 1,
      version: seq,
      tenantSeq: String(seq),
      routes: [],
      updatedAt: '2026-01-01T00:00:00.000Z',
    };
    const outbox = new Outbox();
    await outbox.saveStateTx(sql, record);
    await outbox.enqueueTx(sql, [
      {
        tenantId,
        tenantSeq: BigInt(seq),
        generation: 1,
        type: 'tenant.updated.v1',
        data: { version: seq, plan: `plan-${seq}`, changed: ['plan'] },
      },
    ]);
  };

  it('consumers absorb it, and the state topic is repaired', async () => {
    const tenantId = newId();
    const control = createKafkaControlPlaneTransport({
      ...connection,
      clientId: 'zombie-test',
      partitions: 1,
    });
    const participant = createKafkaParticipantTransport({
      ...connection,
      clientId: 'zombie-test',
      participant: 'alice',
    });
    await control.prepare(['alice']);

    // What a service makes of it.
    const applied: string[] = [];
    const consumer = new LifecycleConsumer({
      pool: servicePool,
      participant: 'alice',
      group: 'alice',
      facts: { 'tenant.updated.v1': async ({ data }) => void applied.push(data.plan) },
      logger,
    });
    const consuming = await participant.consumeLifecycle({
      group: 'alice',
      handler: (message) => consumer.handle(message),
      onMalformed: (reason, raw) => consumer.onMalformed(reason, raw),
    });

    // What lies in the state topic, and what repairs it.
    const lying: string[] = [];
    const repair = new StateRepair({ pool, logger, settleMs: 200 });
    repair.start();
    const reading = control.readOwnState({
      handler: (record) => {
        repair.read(record);
        if (record.tenantId === tenantId) lying.push(record.tenantSeq);
      },
      onMalformed: (reason) => {
        throw new Error(reason);
      },
    });

    // One that falls asleep in the middle of a send: its database hears no more of it, and its lease runs out.
    const asleep = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const late = Promise.withResolvers<void>();
    const proxy = await silencingProxy(bus.controlUrl);
    const zombiePool = new Pool({ connectionString: proxy.url, query_timeout: 1_000 });
    zombiePool.on('error', () => undefined);
    const zombie = new Relay({
      pool: zombiePool,
      logger,
      leaseMs: 600,
      transport: {
        publish: async (messages: readonly OutboundMessage[]) => {
          proxy.silenceForGood();
          asleep.resolve();
          await held.promise;
          await control.publish(messages);
          late.resolve();
        },
      },
    });
    const successor = new Relay({ pool, logger, transport: control });
    try {
      await change(tenantId, 1);
      zombie.start();
      await asleep.promise;
      await change(tenantId, 2);
      await change(tenantId, 3);
      successor.start();
      await waitFor(
        'the successor to have sent everything',
        () => applied.length === 3 && lying.at(-1) === '3',
        30_000,
      );

      held.resolve();
      await late.promise;
      await waitFor('the late event to be absorbed', () => consumer.counts.skipped > 0, 30_000);
      await waitFor('the late record to lie last', () => lying.includes('1'), 30_000);
      await waitFor('the present record behind it', () => lying.at(-1) === '3', 30_000);
      expect(applied).toEqual(['plan-1', 'plan-2', 'plan-3']);
    } finally {
      held.resolve();
      await Promise.all([zombie.stop(), successor.stop()]);
      await Promise.all([consuming.stop(), reading?.stop(), repair.stop()]);
      await Promise.all([control.close(), participant.close()]);
      await proxy.close();
      await zombiePool.end();
    }
  }, 120_000);
});
