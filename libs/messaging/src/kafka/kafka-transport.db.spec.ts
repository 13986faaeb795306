import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { STATE_RECORD_TYPE, topicNames, type StateRecord } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import {
  busDatabase,
  TRANSPORT_CASES,
  waitFor,
  type BusDatabase,
  type TransportRig,
} from '@tenantry/testing';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { Pool } from 'pg';
import { CONTROL_PLANE_SOURCE, Outbox } from '../outbox.js';
import { Relay } from '../relay.js';
import { StateRepair } from '../state-repair.js';
import type { ControlPlaneTransport, LifecycleEnvelope, ParticipantTransport } from '../transport.js';
import { createKafkaControlPlaneTransport } from './kafka-control-plane-transport.js';
import { createKafkaParticipantTransport } from './kafka-participant-transport.js';
import { TopicMisconfigured } from './kafka-topics.js';

const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const stateOf = (tenantId: string, version: number): StateRecord => ({
  tenantId,
  slug: 'acme',
  state: 'ACTIVE',
  plan: 'free',
  region: 'default',
  isolation: 'pooled',
  generation: 1,
  version,
  tenantSeq: '1',
  routes: [],
  updatedAt: '2026-01-01T00:00:00.000Z',
});

// Without a broker the suite is skipped, and `npm test` says so; where Kafka is required it runs and fails.
const brokers = (process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092').split(',');
const onKafka =
  process.env['KAFKA_BROKERS'] || process.env['REQUIRE_KAFKA'] === '1' ? describe : describe.skip;

onKafka('Kafka transport', () => {
  const topicPrefix = `test-${newId()}`;
  const topics = topicNames(topicPrefix);
  const connection = { brokers, clientId: 'transport-test', topicPrefix, logger };
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  let database: BusDatabase;
  let pool: Pool;
  let sql: SqlExecutor;
  let admin: Admin;
  let control: ControlPlaneTransport;
  let relay: Relay;
  let participants: ParticipantTransport[];

  beforeAll(async () => {
    database = await busDatabase();
    pool = new Pool({ connectionString: database.controlUrl, max: 20 });
    sql = pgExecutor(pool);
    admin = kafka.admin();
    await admin.connect();
  });

  afterAll(async () => {
    await admin.deleteTopics({
      topics: (await admin.listTopics()).filter((topic) => topic.startsWith(topicPrefix)),
    });
    await admin.disconnect();
    await pool.end();
    await database.drop();
  });

  beforeEach(() => {
    participants = [];
    control = createKafkaControlPlaneTransport({ ...connection, partitions: 3 });
    relay = new Relay({ pool, transport: control, logger });
    relay.start();
  });

  afterEach(async () => {
    await Promise.all(participants.map((participant) => participant.close()));
    await relay.stop();
    await control.close();
  });

  const participant = async (name: string): Promise<ParticipantTransport> => {
    const transport = createKafkaParticipantTransport({ ...connection, participant: name });
    participants.push(transport);
    return transport;
  };

  it.each(TRANSPORT_CASES)(
    '$name',
    async ({ run }) => {
      const outbox = new Outbox();
      await control.prepare(['alice', 'bob']);
      const rig: TransportRig = {
        control,
        participant,
        enqueue: (events) => outbox.enqueueTx(sql, events),
        saveState: (record) => outbox.saveStateTx(sql, record),
      };
      await run(rig);
    },
    90_000,
  );

  it('has an outdated state record, sent by a relay that slept, replaced by the present one', async () => {
    await control.prepare([]);
    const tenantId = newId();
    const record = stateOf(tenantId, 1);
    await new Outbox().saveStateTx(sql, record);
    await new Outbox().saveStateTx(sql, { ...record, version: 2 });
    const read: number[] = [];
    const repair = new StateRepair({ pool, logger, settleMs: 200 });
    repair.start();
    const reading = control.readOwnState({
      handler: (one) => {
        repair.read(one);
        if (one.tenantId === tenantId) read.push(one.version);
      },
      onMalformed: (reason) => {
        throw new Error(reason);
      },
    });
    try {
      await waitFor('the present record', () => read.at(-1) === 2, 30_000);
      await control.publish([
        {
          channel: 'state',
          envelope: {
            id: newId(),
            source: CONTROL_PLANE_SOURCE,
            type: STATE_RECORD_TYPE,
            time: record.updatedAt,
            subject: tenantId,
            tenantSeq: record.tenantSeq,
            generation: '1',
            data: record,
          },
        },
      ]);
      await waitFor('the outdated record', () => read.includes(1), 30_000);
      await waitFor('the present record behind it', () => read.at(-1) === 2, 30_000);
    } finally {
      await reading?.stop();
      await repair.stop();
    }
  }, 90_000);

  it('makes its topics with the cleanup policy that they need, and refuses another', async () => {
    await control.prepare(['carol']);
    const policyOf = async (name: string) => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name, configNames: ['cleanup.policy'] }],
      });
      return resources[0]?.configEntries[0]?.configValue;
    };
    expect(await policyOf(topics.lifecycle)).toBe('delete');
    expect(await policyOf(topics.state)).toBe('compact');
    expect(await policyOf(topics.acknowledgements('carol'))).toBe('delete');

    const wrong = `${topicPrefix}-wrong`;
    await admin.createTopics({ topics: [{ topic: topicNames(wrong).state }] });
    const other = createKafkaControlPlaneTransport({ ...connection, topicPrefix: wrong });
    await expect(other.prepare([])).rejects.toThrow(TopicMisconfigured);
    await other.close();
  });

  it('passes what is no envelope, with the reason, and delivers what comes in structured mode', async () => {
    await control.prepare([]);
    const tenantId = newId();
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const event = {
      specversion: '1.0',
      id: newId(),
      source: '/elsewhere',
      type: 'tenant.updated.v1',
      time: new Date().toISOString(),
      subject: tenantId,
      tenantseq: '7',
      generation: '3',
      data: { version: 1, plan: 'free', changed: [] },
    };
    await producer.send({
      topic: topics.lifecycle,
      messages: [
        { key: tenantId, value: 'no \0 json' },
        { key: tenantId, value: null },
        { key: tenantId, value: '{}', headers: { ce_specversion: '1.0', ce_id: 'x' } },
        {
          key: tenantId,
          value: JSON.stringify(event),
          headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
        },
      ],
    });
    await producer.disconnect();
    const reasons: string[] = [];
    const delivered: LifecycleEnvelope[] = [];
    const subscription = await (
      await participant('alice')
    ).consumeLifecycle({
      group: 'alice.malformed',
      handler: async (message) => void delivered.push(message),
      onMalformed: async (reason, raw) => void reasons.push(`${reason}: ${raw}`),
    });
    const received = await waitFor(
      'the structured event',
      () => delivered.find(({ subject }) => subject === tenantId),
      20_000,
    );
    const { specversion, tenantseq, ...rest } = event;
    expect(received).toEqual({ ...rest, tenantSeq: tenantseq });
    expect(specversion).toBe('1.0');
    expect(reasons).toHaveLength(3);
    expect(reasons[0]).toBe('the value is no JSON: no \uFFFD json');
    await subscription.stop();
  }, 60_000);

  it('passes what is nested too deeply to be handled, both ways', async () => {
    await control.prepare(['alice']);
    const tenantId = newId();
    const value = '['.repeat(100_000) + ']'.repeat(100_000);
    const headers = (type: string, id = newId()) => ({
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: 's',
      ce_type: type,
      ce_time: 'now',
      ce_subject: tenantId,
      ce_tenantseq: '1',
    });
    const structured = `{"specversion":"1.0","id":"i","source":"s","type":"t.v1","time":"now","subject":"${tenantId}","tenantseq":"1","data":${value}}`;
    const contentType = { 'content-type': 'application/cloudevents+json' };
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    for (const topic of [topics.lifecycle, topics.acknowledgements('alice')])
      await producer.send({
        topic,
        messages: [
          { key: tenantId, value, headers: headers('t.v1') },
          { key: tenantId, value: structured, headers: contentType },
          { key: tenantId, value: '{}', headers: headers('t.v1', 'last') },
        ],
      });
    await producer.disconnect();
    const seen: string[] = [];
    const handler = async ({ subject, id }: LifecycleEnvelope) =>
      void (subject === tenantId && seen.push(id));
    const onMalformed = async (reason: string, raw: string) =>
      void (raw.length >= value.length && seen.push(reason));
    const subscriptions = [
      await (await participant('alice')).consumeLifecycle({ group: 'alice.deep', handler, onMalformed }),
      await control.consumeAcknowledgements({
        participants: async () => ['alice'],
        handler: (_participant, message) => handler(message),
        onMalformed: (_participant, reason, raw) => onMalformed(reason, raw),
      }),
    ];
    await waitFor('both to be passed', () => seen.filter((id) => id === 'last').length === 2, 30_000);
    expect(seen.filter((reason) => reason === 'data is nested deeper than 64 levels')).toHaveLength(4);
    await Promise.all(subscriptions.map((subscription) => subscription.stop()));
  }, 60_000);

  it('leaves out a participant whose topic is misconfigured, until it is put right, and hears the others', async () => {
    const prefix = `${topicPrefix}-bad`;
    const badTopic = topicNames(prefix).acknowledgements('bad');
    const setPolicy = (value: string) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: 2, name: badTopic, configEntries: [{ name: 'cleanup.policy', value }] }],
      });
    await admin.createTopics({ topics: [{ topic: badTopic, numPartitions: 1 }] });
    await setPolicy('compact');
    const errors: unknown[] = [];
    const restarted = createKafkaControlPlaneTransport({
      ...connection,
      topicPrefix: prefix,
      partitions: 1,
      refreshMs: 100,
      logger: { ...logger, error: (fields) => void errors.push(fields) },
    });
    const seen: string[] = [];
    const subscription = await restarted.consumeAcknowledgements({
      participants: async () => ['bad', 'good'],
      handler: async (participant) => void seen.push(participant),
      onMalformed: async () => undefined,
    });
    const say = async (name: string) => {
      const transport = createKafkaParticipantTransport({
        ...connection,
        topicPrefix: prefix,
        participant: name,
      });
      participants.push(transport);
      await transport.acknowledge([
        { id: newId(), source: 's', type: 't.v1', time: 'now', subject: newId(), data: {} },
      ]);
    };
    await waitFor('the topic of the other', async () =>
      (await admin.listTopics()).includes(topicNames(prefix).acknowledgements('good')),
    );
    await say('good');
    await say('bad');
    await waitFor('the other to be heard', () => seen.length > 0, 20_000);
    await expect(restarted.prepare(['bad', 'late'])).rejects.toMatchObject({
      participants: ['bad'],
      message: expect.stringContaining(badTopic),
    });
    expect(await admin.listTopics()).toContain(topicNames(prefix).acknowledgements('late'));
    expect(seen).toEqual(['good']);
    expect(errors).toMatchObject([{ participant: 'bad' }]);
    await setPolicy('delete');
    await waitFor('it to be heard as well', () => seen.includes('bad'), 30_000);
    await subscription.stop();
    await restarted.close();
  }, 90_000);
});
