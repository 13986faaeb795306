import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { STATE_RECORD_TYPE, topicNames, type Envelope } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { stateRecord, waitFor } from '@tenantry/testing';
import { documentedAcls, startSecuredKafka, type SecuredKafka } from '@tenantry/testing/servers';
import { Kafka, logLevel, type AclEntry, type Admin } from 'kafkajs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '../logger.js';
import type { ControlPlaneTransport, ParticipantTransport } from '../transport.js';
import type { KafkaAccess } from './kafka-connection.js';
import { inspectKafka } from './inspect-kafka.js';
import { createKafkaControlPlaneTransport } from './kafka-control-plane-transport.js';
import { createKafkaParticipantTransport } from './kafka-participant-transport.js';
import { saslOptions, tlsOptions, type KafkaSasl } from './kafka-security.js';

// Without a broker the suite is skipped, and `npm test` says so; where Kafka is required it runs and fails.
const onKafka =
  process.env['KAFKA_BROKERS'] || process.env['REQUIRE_KAFKA'] === '1' ? describe : describe.skip;

const PREFIX = 'secured';
const PASSWORDS = { 'control-plane': 'control-secret', billing: 'billing-secret', search: 'search-secret' };
type User = keyof typeof PASSWORDS;
const topics = topicNames(PREFIX);
/** What kafkajs makes of GROUP_AUTHORIZATION_FAILED; for a group that it may use it finds the coordinator. */
const NO_COORDINATOR = 'KafkaJSGroupCoordinatorNotFound';

const errors: unknown[] = [];
const errorLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields) => void errors.push(fields),
};

const envelope = (type: string, subject: string, data: object): Envelope => ({
  id: newId(),
  source: '/tests',
  type,
  time: new Date().toISOString(),
  subject,
  tenantSeq: '1',
  generation: '1',
  data,
});

onKafka('a broker that lets in only whom it knows', () => {
  let secured: SecuredKafka;
  let admin: Admin;
  let open: (ControlPlaneTransport | ParticipantTransport)[];

  beforeAll(async () => {
    secured = await startSecuredKafka(PASSWORDS);
    admin = new Kafka({ brokers: [secured.broker.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const acl = documentedAcls({
      topicPrefix: PREFIX,
      controlPlanes: ['control-plane'],
      participants: ['billing', 'search'],
    });
    expect(acl).toHaveLength(8 + 2 * 5);
    await admin.createAcls({ acl });
    const control = controlPlane(bySasl('control-plane'));
    await control.prepare(['billing', 'search']);
    await control.close();
  }, 180_000);

  afterAll(async () => {
    await admin?.disconnect();
    await secured?.remove();
  }, 60_000);

  beforeEach(() => {
    open = [];
    errors.length = 0;
  });

  afterEach(async () => {
    await Promise.all(open.map((transport) => transport.close()));
  });

  const bySasl = (user: User, mechanism: KafkaSasl['mechanism'] = 'SCRAM-SHA-512'): KafkaAccess => ({
    brokers: [secured.saslBrokers],
    tls: { caFile: secured.authority.caFile },
    sasl: { mechanism, username: user, password: PASSWORDS[user] },
  });
  const byCertificate = async (user: User): Promise<KafkaAccess> => ({
    brokers: [secured.certificateBrokers],
    tls: { caFile: secured.authority.caFile, ...(await secured.authority.certify(user)) },
  });

  const controlPlane = (access: KafkaAccess, logger = errorLogger): ControlPlaneTransport => {
    const transport = createKafkaControlPlaneTransport({
      ...access,
      clientId: 'control-plane',
      topicPrefix: PREFIX,
      partitions: 2,
      refreshMs: 200,
      logger,
    });
    open?.push(transport);
    return transport;
  };
  const participant = (name: User, access: KafkaAccess, logger = errorLogger): ParticipantTransport => {
    const transport = createKafkaParticipantTransport({
      ...access,
      clientId: name,
      topicPrefix: PREFIX,
      participant: name,
      logger,
    });
    open.push(transport);
    return transport;
  };
  /** A client of Kafka alone, which does not keep to what our transports do. */
  const anyClient = (user: User): Kafka => {
    const { brokers, tls = {}, sasl } = bySasl(user);
    return new Kafka({
      brokers: [...brokers],
      ssl: tlsOptions(tls),
      ...(sasl && { sasl: saslOptions(sasl) }),
      logLevel: logLevel.NOTHING,
      retry: { retries: 1 },
    });
  };
  const unexpected = (reason: string): never => {
    throw new Error(reason);
  };

  /** Everything that both sides do: a new participant, something on each topic, and an answer back. Ends early when `isOver`. */
  async function converse(
    control: ControlPlaneTransport,
    name: User,
    side: ParticipantTransport,
    isOver = () => false,
  ): Promise<void> {
    const tenantId = newId();
    await control.prepare(['billing', 'search', `new-${tenantId.slice(-12)}`]);
    const seen = { lifecycle: false, state: false, own: false, answer: false };
    const record = stateRecord({ tenantId, state: 'ACTIVE', generation: 1 });
    await control.publish([
      { channel: 'state', envelope: envelope(STATE_RECORD_TYPE, tenantId, record) },
      { channel: 'lifecycle', envelope: envelope('tenant.updated.v1', tenantId, {}) },
      { channel: 'parked', envelope: envelope('tenant.updated.v1', tenantId, {}) },
    ]);
    const subscriptions = [
      await side.consumeLifecycle({
        group: name,
        handler: async ({ subject }) => void (seen.lifecycle ||= subject === tenantId),
        onMalformed: async (reason) => unexpected(reason),
      }),
      await side.followState({
        handler: (one) => void (seen.state ||= one.tenantId === tenantId),
        onMalformed: unexpected,
      }),
      control.readOwnState({
        handler: (one) => void (seen.own ||= one.tenantId === tenantId),
        onMalformed: unexpected,
      }),
      await control.consumeAcknowledgements({
        participants: async () => ['billing', 'search'],
        handler: async (from, { subject }) => void (seen.answer ||= from === name && subject === tenantId),
        onMalformed: async (_from, reason) => unexpected(reason),
      }),
    ];
    await side.acknowledge([envelope('participant.acknowledged.v1', tenantId, {})]);
    await waitFor('everything to arrive', () => isOver() || Object.values(seen).every(Boolean), 60_000);
    await Promise.all(subscriptions.map(async (one) => one?.stop()));
  }

  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
    'lets both sides work by %s with the rights in the documentation and no others',
    async (mechanism) => {
      await converse(
        controlPlane(bySasl('control-plane', mechanism)),
        'billing',
        participant('billing', bySasl('billing', mechanism)),
      );
      expect(errors).toEqual([]);
    },
    90_000,
  );

  it('lets neither side work without any one of these rights', async () => {
    const needed = documentedAcls({
      topicPrefix: PREFIX,
      controlPlanes: ['control-plane'],
      participants: ['search'],
    });
    const unnecessary: AclEntry[] = [];
    for (const right of needed) {
      await admin.deleteAcls({ filters: [right] });
      try {
        await untilInForce(right, false);
        if (!(await isRefused())) unnecessary.push(right);
      } finally {
        await admin.createAcls({ acl: [right] });
        await untilInForce(right, true);
      }
    }
    expect(unnecessary).toEqual([]);
    expect(await isRefused()).toBe(false);
  }, 180_000);

  /** Whether the broker refuses either side anything that it does. */
  async function isRefused(): Promise<boolean> {
    const refusal = Promise.withResolvers<boolean>();
    let over = false;
    const note = ({ err }: { err?: unknown }, message: string): void => {
      if (isAboutRights(err) || /waits for its topics|topic is not there yet/.test(message))
        refusal.resolve(true);
    };
    const logger: Logger = { debug: note, info: note, warn: note, error: note };
    const control = controlPlane(bySasl('control-plane'), logger);
    const side = participant('search', bySasl('search'), logger);
    const conversation = converse(control, 'search', side, () => over);
    conversation.then(
      () => refusal.resolve(false),
      (error: unknown) => (isAboutRights(error) ? refusal.resolve(true) : refusal.reject(error)),
    );
    try {
      return await refusal.promise;
    } finally {
      over = true;
      await Promise.all(open.splice(0).map((transport) => transport.close()));
    }
  }

  async function untilInForce(right: AclEntry, wanted: boolean): Promise<void> {
    await waitFor('the change of rights to be in force', async () => {
      const { resources } = await admin.describeAcls(right);
      return resources.some(({ acls }) => acls.length > 0) === wanted;
    });
  }

  it('tells each user what it may know, for the doctor', async () => {
    const inspect = (user: User) =>
      inspectKafka({ ...bySasl(user), clientId: 'doctor', topicPrefix: PREFIX, logger: errorLogger }, [
        'billing',
        'nobody',
      ]);
    const { brokers, group, topics: seen } = await inspect('control-plane');
    expect({ brokers, group }).toEqual({
      brokers: 1,
      group: { name: `${PREFIX}._control-plane`, refused: false },
    });
    const found = { partitions: 2, replicas: 1, minInsyncReplicas: 1 };
    expect(seen).toEqual([
      {
        name: topics.lifecycle,
        expectedPolicy: 'delete',
        found: { ...found, cleanupPolicy: 'delete' },
      },
      { name: topics.state, expectedPolicy: 'compact', found: { ...found, cleanupPolicy: 'compact' } },
      { name: topics.parked, expectedPolicy: 'delete', found: { ...found, cleanupPolicy: 'delete' } },
      {
        name: topics.acknowledgements('billing'),
        expectedPolicy: 'delete',
        found: { ...found, cleanupPolicy: 'delete' },
      },
      { name: topics.acknowledgements('nobody'), expectedPolicy: 'delete', found: undefined },
    ]);

    const refused = await inspect('billing');
    expect(refused.group.refused).toBe(true);
    expect(refused.topics.map((topic) => [topic.name, topic.found?.cleanupPolicy])).toEqual(
      seen.map(({ name }) => [name, undefined]),
    );
    expect(refused.topics.find(({ name }) => name === topics.parked)?.found).toBeUndefined();
  }, 60_000);

  it('lets both sides work by certificates of theirs', async () => {
    await converse(
      controlPlane(await byCertificate('control-plane')),
      'search',
      participant('search', await byCertificate('search')),
    );
    expect(errors).toEqual([]);
  }, 90_000);

  it('lets in nobody without TLS, with another password, without a certificate, or whom it takes for another', async () => {
    const { tls, sasl, brokers } = bySasl('control-plane');
    const refused: Record<string, KafkaAccess> = {
      'without TLS': { brokers, ...(sasl && { sasl }) },
      'without a name': { brokers, ...(tls && { tls }) },
      'another password': { ...bySasl('control-plane'), sasl: { ...(sasl as KafkaSasl), password: 'wrong' } },
      'another name': { ...bySasl('control-plane'), sasl: { ...(sasl as KafkaSasl), username: 'mallory' } },
      'no certificate': { brokers: [secured.certificateBrokers], ...(tls && { tls }) },
      'a broker that is not trusted': { brokers, tls: {}, ...(sasl && { sasl }) },
    };
    for (const [how, access] of Object.entries(refused))
      await expect(
        controlPlane(access)
          .prepare([])
          .then(() => how),
      ).rejects.toThrow();
  }, 120_000);

  it('lets a participant write its own acknowledgement topic and no other', async () => {
    const producer = anyClient('billing').producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const write = (topic: string) => producer.send({ topic, messages: [{ key: 'k', value: '{}' }] });
    const forbidden = [topics.lifecycle, topics.state, topics.parked, topics.acknowledgements('search')];
    const written = async () =>
      Promise.all(
        forbidden.map(async (topic) =>
          (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0),
        ),
      );
    const before = await written();
    try {
      for (const topic of forbidden)
        expect(await write(topic).then(() => 'written', answerIn)).toBe('TOPIC_AUTHORIZATION_FAILED');
      await write(topics.acknowledgements('billing'));
      expect(await written()).toEqual(before);
    } finally {
      await producer.disconnect();
    }
  }, 60_000);

  it.each([
    [
      "another's answers",
      topics.acknowledgements('search'),
      `${PREFIX}.billing`,
      'TOPIC_AUTHORIZATION_FAILED',
    ],
    [
      'its own answers',
      topics.acknowledgements('billing'),
      `${PREFIX}.billing`,
      'TOPIC_AUTHORIZATION_FAILED',
    ],
    ['in the group of another', topics.lifecycle, `${PREFIX}.search`, NO_COORDINATOR],
    ['in a group that is called alike', topics.lifecycle, `${PREFIX}.billing2`, NO_COORDINATOR],
    ["in the control plane's group", topics.lifecycle, `${PREFIX}._control-plane`, NO_COORDINATOR],
  ])(
    'does not let a participant read %s',
    async (_what, topic, groupId, type) => {
      const consumer = anyClient('billing').consumer({
        groupId,
        retry: { retries: 1, restartOnFailure: async () => false },
      });
      const crashed = new Promise((_resolve, reject) =>
        consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error)),
      );
      crashed.catch(() => undefined);
      const reading = async (): Promise<unknown> => {
        await consumer.connect();
        await consumer.subscribe({ topic, fromBeginning: true });
        await consumer.run({ eachMessage: async () => undefined });
        return crashed;
      };
      try {
        expect(await reading().then(() => 'read', answerIn)).toBe(type);
      } finally {
        await consumer.disconnect();
      }
    },
    60_000,
  );

  it('takes a password that was put right in its file, without a restart', async () => {
    const passwordFile = path.join(secured.folder, 'password');
    await writeFile(passwordFile, 'not yet');
    const seen: string[] = [];
    const billing = participant('billing', {
      ...bySasl('billing'),
      sasl: { mechanism: 'SCRAM-SHA-256', username: 'billing', passwordFile },
    });
    await billing.consumeLifecycle({
      group: 'billing.late',
      handler: async ({ id }) => void seen.push(id),
      onMalformed: async (reason) => unexpected(reason),
    });
    await waitFor('the refusal to be reported', () => errors.length > 0, 30_000);
    await controlPlane(bySasl('control-plane')).publish([
      { channel: 'lifecycle', envelope: envelope('tenant.updated.v1', newId(), {}) },
    ]);
    await writeFile(passwordFile, `${PASSWORDS.billing}\n`);
    await waitFor('an event', () => seen.length > 0, 30_000);
    expect(errors).toHaveLength(1);
  }, 90_000);
});

/** What a broker answered, which kafkajs throws as it is or as the cause of giving up. */
function answerIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('type' in error) return String(error.type);
  return error.cause === undefined ? error.name : answerIn(error.cause);
}

/** Whether a broker refused a right, somewhere in what an error was caused by or is made of. */
function isAboutRights(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('type' in error && String(error.type).endsWith('_AUTHORIZATION_FAILED')) return true;
  if (error.name === NO_COORDINATOR) return true;
  const parts: unknown[] = 'errors' in error && Array.isArray(error.errors) ? error.errors : [];
  return isAboutRights(error.cause) || parts.some(isAboutRights);
}
