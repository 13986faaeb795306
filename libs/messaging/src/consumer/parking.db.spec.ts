import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Acknowledgement, LifecycleType, Payload } from '@tenantry/contracts';
import { pgExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import {
  busDatabase,
  consumerDatabase,
  waitFor,
  type BusDatabase,
  type ConsumerDatabase,
} from '@tenantry/testing';
import { Kafka, logLevel } from 'kafkajs';
import { Pool } from 'pg';
import { createEmbeddedControlPlaneTransport } from '../embedded/embedded-control-plane-transport.js';
import { createEmbeddedParticipantTransport } from '../embedded/embedded-participant-transport.js';
import { createKafkaControlPlaneTransport } from '../kafka/kafka-control-plane-transport.js';
import { createKafkaParticipantTransport } from '../kafka/kafka-participant-transport.js';
import { Outbox, type NewEvent } from '../outbox.js';
import { Relay } from '../relay.js';
import type {
  AcknowledgementEnvelope,
  ControlPlaneTransport,
  LifecycleEnvelope,
  ParticipantTransport,
  Subscription,
} from '../transport.js';
import { AcknowledgementSender } from './acknowledgement-sender.js';
import type { FactAppliers } from './fact-appliers.js';
import { LifecycleConsumer } from './lifecycle-consumer.js';
import { RecoveryWorker } from './recovery-worker.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const PATIENCE_MS = 40_000;
const HEALTHY = 100;
const brokers = process.env['KAFKA_BROKERS']?.split(',');
const transports = brokers || process.env['REQUIRE_KAFKA'] === '1' ? ['embedded', 'kafka'] : ['embedded'];

/** A whole consumer behind a real transport, with an outbox and a relay at the other end. */
describe.each(transports)('parking over the %s transport', (kind) => {
  const connection = {
    brokers: brokers ?? ['127.0.0.1:9092'],
    clientId: 'parking-test',
    topicPrefix: `test-${newId()}`,
    logger,
  };
  let bus: BusDatabase;
  let service: ConsumerDatabase;
  let control: ControlPlaneTransport;
  let participant: ParticipantTransport;
  let controlPool: Pool;
  let pool: Pool;
  let admin: Pool;
  let relay: Relay;
  let worker: RecoveryWorker;
  let sender: AcknowledgementSender;
  let subscriptions: Subscription[];
  let heard: AcknowledgementEnvelope[];
  let tries: Map<string, number>;
  let poison: string | undefined;

  beforeAll(async () => {
    bus = await busDatabase();
    service = await consumerDatabase();
    admin = new Pool({ connectionString: service.adminUrl, max: 2 });
    await admin.query(
      'CREATE TABLE public.effect (no bigint GENERATED ALWAYS AS IDENTITY, tenant_id uuid, seq bigint)',
    );
    const account = await service.newLogin();
    await admin.query(`GRANT INSERT ON public.effect TO ${account.name}`);
    pool = new Pool({ connectionString: account.url, max: 12 });
    controlPool = new Pool({ connectionString: bus.controlUrl, max: 20 });
  });

  afterAll(async () => {
    if (kind === 'kafka') await dropTopics(connection);
    await Promise.all([pool.end(), admin.end(), controlPool.end()]);
    await service.drop();
    await bus.drop();
  });

  beforeEach(async () => {
    heard = [];
    tries = new Map();
    if (kind === 'kafka') {
      control = createKafkaControlPlaneTransport({ ...connection, partitions: 3 });
      participant = createKafkaParticipantTransport({ ...connection, participant: 'alice' });
    } else {
      control = createEmbeddedControlPlaneTransport({ pool: controlPool, logger });
      participant = createEmbeddedParticipantTransport({ url: await bus.participantUrl('alice'), logger });
    }
    await control.prepare(['alice']);
    relay = new Relay({ pool: controlPool, transport: control, logger });
    relay.start();
    sender = new AcknowledgementSender({
      pool,
      transport: participant,
      participant: 'alice',
      logger,
      registration: { capabilities: [], stores: [], version: '1' },
    });
    sender.start();
    const name = { pool, participant: 'alice', group: 'alice', facts, logger };
    const onAcknowledgement = (): void => sender.wake();
    worker = new RecoveryWorker({ ...name, onAcknowledgement });
    worker.start();
    const consumer = new LifecycleConsumer({ ...name, onAcknowledgement, onRecovery: () => worker.wake() });
    subscriptions = [
      await control.consumeAcknowledgements({
        participants: async () => ['alice'],
        handler: async (_participant, message) => void heard.push(message),
        onMalformed: async () => undefined,
      }),
      await participant.consumeLifecycle({
        group: 'alice',
        handler: (event) => consumer.handle(event),
        onMalformed: (reason, raw) => consumer.onMalformed(reason, raw),
      }),
    ];
  });

  afterEach(async () => {
    await Promise.all(subscriptions.map((one) => one.stop()));
    await worker.stop();
    await sender.stop();
    await relay.stop();
    await participant.close();
    await control.close();
  });

  const facts: FactAppliers = {
    'tenant.updated.v1': async ({ subject, data: { version } }, sql) => {
      const fact = `${subject} ${version}`;
      tries.set(fact, (tries.get(fact) ?? 0) + 1);
      if (subject === poison) throw new Error('this tenant is poison');
      await sql.query('INSERT INTO public.effect (tenant_id, seq) VALUES ($1, $2)', [subject, version]);
    },
  };

  const event = <T extends LifecycleType>(
    tenantId: string,
    seq: number,
    type: T,
    data: Payload<T>,
  ): NewEvent<T> => ({ tenantId, tenantSeq: BigInt(seq), generation: 1, type, data });

  const updated = (tenantId: string, seq: number): NewEvent =>
    event(tenantId, seq, 'tenant.updated.v1', { version: seq, plan: 'free', changed: ['plan'] });

  const enqueue = (events: readonly NewEvent[]): Promise<void> =>
    new Outbox().enqueueTx(pgExecutor(controlPool), events);

  async function applied(tenantId: string): Promise<number[]> {
    const { rows } = await admin.query<{ seq: string }>(
      'SELECT seq FROM public.effect WHERE tenant_id = $1 ORDER BY no',
      [tenantId],
    );
    return rows.map(({ seq }) => Number(seq));
  }

  const said = (tenantId: string, type: string): Promise<AcknowledgementEnvelope> =>
    waitFor(type, () => heard.find((one) => one.subject === tenantId && one.type === type), PATIENCE_MS);

  it('a poison tenant among 100 healthy holds up none of them', async () => {
    const sick = newId();
    poison = sick;
    const healthy = Array.from({ length: HEALTHY }, newId);
    for (let seq = 1; seq <= 5; seq++)
      await enqueue([updated(sick, seq), ...healthy.map((tenantId) => updated(tenantId, seq))]);
    await waitFor(
      'the healthy tenants’ facts',
      async () => {
        const { rows } = await admin.query<{ n: number }>(
          'SELECT count(*)::integer AS n FROM public.effect WHERE tenant_id = ANY ($1)',
          [healthy],
        );
        return rows[0]?.n === HEALTHY * 5;
      },
      PATIENCE_MS,
    );
    for (const tenantId of healthy) expect(await applied(tenantId)).toEqual([1, 2, 3, 4, 5]);
    expect((await said(sick, 'participant.parked.v1')).data).toMatchObject({ tenantSeq: '1', attempts: 5 });
    // The first fact is tried a few times; those behind it wait without being tried at all, so they cost the others nothing.
    expect([...tries].filter(([fact]) => fact.startsWith(sick))).toEqual([[`${sick} 1`, 5]]);
    expect(await applied(sick)).toEqual([]);
  });

  it('a newer request passes parked facts, and a redrive brings them in order', async () => {
    const tenantId = newId();
    poison = tenantId;
    await enqueue([updated(tenantId, 1), updated(tenantId, 2)]);
    await said(tenantId, 'participant.parked.v1');
    const placement = {
      store: 'primary',
      isolation: 'pooled',
      cluster: 'default',
      database: null,
      schema: null,
    } as const;
    await enqueue([
      event(tenantId, 3, 'tenant.suspension_requested.v1', {
        operationId: newId(),
        generation: 1,
        attempt: 1,
        participants: ['alice'],
        desired: 'suspended',
        placements: [placement],
      }),
      updated(tenantId, 4),
    ]);
    await waitFor(
      'the suspension to be stored',
      async () =>
        (await admin.query('SELECT FROM tenantry.inbox WHERE tenant_id = $1', [tenantId])).rowCount === 1,
      PATIENCE_MS,
    );
    expect(await applied(tenantId)).toEqual([]);
    poison = undefined;
    const operationId = newId();
    await enqueue([
      event(tenantId, 5, 'participant.redrive_requested.v1', {
        operationId,
        generation: 1,
        attempt: 1,
        participants: ['alice'],
        group: 'alice',
        tenantSeq: '1',
      }),
    ]);
    const answer = (await said(tenantId, 'participant.acknowledged.v1')).data as Acknowledgement;
    expect(answer).toMatchObject({ operationId, outcome: 'succeeded', evidence: { applied: 3 } });
    expect(await applied(tenantId)).toEqual([1, 2, 4]);
    expect((await said(tenantId, 'participant.unparked.v1')).data).toMatchObject({
      tenantSeq: '1',
      how: 'applied',
    });
  });

  it('a replay comes through to the group that it is for', async () => {
    const tenantId = newId();
    const delivered: LifecycleEnvelope[] = [];
    subscriptions.push(
      await participant.consumeLifecycle({
        group: 'alice.others',
        handler: async (one) => void (one.subject === tenantId && delivered.push(one)),
        onMalformed: async () => undefined,
      }),
    );
    await enqueue([updated(tenantId, 1), updated(tenantId, 2)]);
    const replayed = await waitFor(
      'the facts',
      () => (delivered.length >= 2 ? delivered.slice(0, 2) : undefined),
      PATIENCE_MS,
    );
    const replayId = newId();
    await enqueue([
      event(tenantId, 3, 'participant.replay_requested.v1', {
        operationId: replayId,
        replayId,
        generation: 1,
        attempt: 1,
        participants: ['alice'],
        group: 'alice',
        fromSeq: '1',
        part: 1,
        parts: 1,
        facts: replayed.map(({ id, type, time, tenantSeq = '0', generation = '0', data }) => ({
          id,
          type,
          time,
          tenantSeq,
          generation,
          data: data as Record<string, unknown>,
        })),
      }),
      updated(tenantId, 4),
    ]);
    expect((await said(tenantId, 'participant.acknowledged.v1')).data).toMatchObject({
      operationId: replayId,
      outcome: 'succeeded',
      evidence: { applied: expect.any(Number) },
    });
    await waitFor('the newest fact', async () => (await applied(tenantId)).includes(4), PATIENCE_MS);
    expect(await applied(tenantId)).toEqual([1, 2, 1, 2, 4]);
  });
});

async function dropTopics({
  brokers: at,
  topicPrefix,
}: {
  brokers: string[];
  topicPrefix: string;
}): Promise<void> {
  const client = new Kafka({ brokers: at, logLevel: logLevel.NOTHING }).admin();
  await client.connect();

  await client.deleteTopics({
    topics: (await client.listTopics()).filter((topic) => topic.startsWith(topicPrefix)),
  });
  await client.disconnect();
}
