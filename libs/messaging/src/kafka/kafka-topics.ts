import type { Topics } from '@tenantry/contracts';
import { backoffMs, type Backoff } from '@tenantry/kernel';
import type { Admin, ITopicConfig, Kafka } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';

const DAY_MS = 86_400_000;
const ATTEMPTS = 5;
const BACKOFF: Backoff = { baseMs: 100, maxMs: 1_000 };

/** How topics are made. Those that are there already are left as they are. */
export interface TopicSettings {
  /** Of every topic; fixed once created, because another number moves tenants between partitions and breaks their order. */
  readonly partitions: number;
  /** -1 is the brokers' default. */
  readonly replicationFactor: number;
  /** How many replicas must have a message before it counts as sent; unset: the brokers' default. */
  readonly minInsyncReplicas?: number;
  /** How long lifecycle events are kept. */
  readonly lifecycleRetentionMs: number;
  /** How long acknowledgements are kept, and copies of parked events. */
  readonly answerRetentionMs: number;
}

export const DEFAULT_TOPIC_SETTINGS: TopicSettings = {
  partitions: 12,
  replicationFactor: -1,
  lifecycleRetentionMs: 90 * DAY_MS,
  answerRetentionMs: 30 * DAY_MS,
};

/** What is given, and the defaults for the rest. */
export function topicSettings(given: Partial<TopicSettings>): TopicSettings {
  const { partitions, replicationFactor, minInsyncReplicas, lifecycleRetentionMs, answerRetentionMs } = given;
  return {
    partitions: partitions ?? DEFAULT_TOPIC_SETTINGS.partitions,
    replicationFactor: replicationFactor ?? DEFAULT_TOPIC_SETTINGS.replicationFactor,
    ...(minInsyncReplicas !== undefined && { minInsyncReplicas }),
    lifecycleRetentionMs: lifecycleRetentionMs ?? DEFAULT_TOPIC_SETTINGS.lifecycleRetentionMs,
    answerRetentionMs: answerRetentionMs ?? DEFAULT_TOPIC_SETTINGS.answerRetentionMs,
  };
}

/** CONFIG_RESOURCE_TYPES.TOPIC; kafkajs's enumeration is no named export under ESM. */
export const TOPIC_RESOURCE = 2;

/** A topic is there with another cleanup policy than what it carries needs: the state topic would lose tenants, or the others grow for ever. */
export class TopicMisconfigured extends Error {
  constructor(topic: string, expected: string, found: string) {
    super(
      `Topic ${topic} has cleanup.policy=${found}, it must be ${expected}. Change the topic's configuration, then start again.`,
    );
    this.name = 'TopicMisconfigured';
  }
}

/** Some participants' acknowledgement topics cannot be used; everything else is prepared. */
export class ParticipantsUnprepared extends AggregateError {
  /** Their names. */
  readonly participants: readonly string[];

  constructor(unusable: UnusableTopics) {
    const reasons = [...unusable].map(([participant, { message }]) => `${participant}: ${message}`);
    super([...unusable.values()], `Participants that cannot be heard: ${reasons.join(' ')}`);
    this.name = 'ParticipantsUnprepared';
    this.participants = [...unusable.keys()];
  }
}

/** Participants' acknowledgement topics that cannot be used; each with why. */
export type UnusableTopics = ReadonlyMap<string, Error>;

/**
 * Makes sure that the control plane's topics and those of the participants are there with the right cleanup policy.
 *
 * @returns the participants whose own topic cannot be used: that must not keep the others waiting.
 * @throws when one of the control plane's own cannot be used, or the brokers cannot be reached.
 */
export async function ensureTopics(
  kafka: Kafka,
  names: Topics,
  participants: readonly string[],
  settings: TopicSettings,
): Promise<UnusableTopics> {
  const shared = [
    topic(names.lifecycle, settings, {
      'cleanup.policy': 'delete',
      'retention.ms': String(settings.lifecycleRetentionMs),
    }),
    topic(names.state, settings, { 'cleanup.policy': 'compact' }),
    topic(names.parked, settings, {
      'cleanup.policy': 'delete',
      'retention.ms': String(settings.answerRetentionMs),
    }),
  ];
  return withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    await ensure(admin, shared, existing);
    const unusable = new Map<string, Error>();
    for (const participant of participants) {
      const own = acknowledgementTopic(names.acknowledgements(participant), settings);
      try {
        await ensure(admin, [own], existing);
      } catch (error) {
        if (!isAboutTheTopic(error)) throw error;
        unusable.set(participant, error);
      }
    }
    return unusable;
  });
}

/** The participants that have an acknowledgement topic, declared or not. */
export function participantsWithTopics(kafka: Kafka, names: Topics): Promise<string[]> {
  return withAdmin(kafka, async (admin) =>
    (await admin.listTopics()).flatMap((one) => names.participantOf(one) ?? []),
  );
}

/**
 * Makes a participant's own topic if it is missing. What it is configured with is the control plane's to check.
 * @returns why it is missing still: as a rule the broker doesn't let this participant make it. @throws when the brokers can't be reached.
 */
export function ensureOwnTopic(
  kafka: Kafka,
  names: Topics,
  participant: string,
  settings: TopicSettings,
): Promise<Error | undefined> {
  const own = acknowledgementTopic(names.acknowledgements(participant), settings);
  return withAdmin(kafka, async (admin) => {
    try {
      if (!(await admin.listTopics()).includes(own.topic))
        await admin.createTopics({ topics: [own], waitForLeaders: true });
      return undefined;
    } catch (error) {
      if (isAboutTheTopic(error)) return error;
      throw error;
    }
  });
}

/** Those of the topics that are there. */
export function existingTopics(kafka: Kafka, topics: readonly string[]): Promise<string[]> {
  return withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    return topics.filter((one) => existing.has(one));
  });
}

/** The offset behind the last message of each partition that holds any. */
export function endsOf(kafka: Kafka, topicName: string): Promise<Map<number, bigint>> {
  return withAdmin(kafka, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topicName);
    return new Map(
      offsets
        .filter(({ low, high }) => BigInt(high) > BigInt(low))
        .map(({ partition, high }) => [partition, BigInt(high)]),
    );
  });
}

function topic(
  name: string,
  { partitions, replicationFactor, minInsyncReplicas }: TopicSettings,
  config: Record<string, string>,
): ITopicConfig {
  const replicas = minInsyncReplicas && { 'min.insync.replicas': String(minInsyncReplicas) };
  const configEntries = Object.entries({ ...config, ...replicas }).map(([key, value]) => ({
    name: key,
    value,
  }));
  return { topic: name, numPartitions: partitions, replicationFactor, configEntries };
}

function acknowledgementTopic(name: string, settings: TopicSettings): ITopicConfig {
  return topic(name, settings, {
    'cleanup.policy': 'delete',
    'retention.ms': String(settings.answerRetentionMs),
  });
}

/** Brokers learn of a new topic one after the other, and deny it meanwhile: so it is tried a few times. */
async function ensure(
  admin: Admin,
  wanted: readonly ITopicConfig[],
  existing: ReadonlySet<string>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ensureOnce(admin, wanted, existing);
    } catch (error) {
      if (attempt >= ATTEMPTS || !isTransient(error)) throw error;
      await delay(backoffMs(BACKOFF, attempt));
    }
  }
}

async function ensureOnce(
  admin: Admin,
  wanted: readonly ITopicConfig[],
  existing: ReadonlySet<string>,
): Promise<void> {
  const missing = wanted.filter((one) => !existing.has(one.topic));
  if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: true });
  await checkPolicies(admin, wanted);
}

/** Rather than that the brokers cannot be reached. kafkajs's error classes are no named exports under ESM. */
function isAboutTheTopic(error: unknown): error is Error {
  return (
    error instanceof TopicMisconfigured ||
    (error instanceof Error && ['KafkaJSProtocolError', 'KafkaJSAggregateError'].includes(error.name))
  );
}

function isTransient(error: unknown): boolean {
  return isAboutTheTopic(error) && 'retriable' in error && error.retriable === true;
}

async function checkPolicies(admin: Admin, wanted: readonly ITopicConfig[]): Promise<void> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: wanted.map((one) => ({
      type: TOPIC_RESOURCE,
      name: one.topic,
      configNames: ['cleanup.policy'],
    })),
  });
  const found = new Map(resources.map((one) => [one.resourceName, one.configEntries[0]?.configValue]));
  for (const { topic: name, configEntries } of wanted) {
    const expected = configEntries?.find((entry) => entry.name === 'cleanup.policy')?.value ?? '';
    const policy = found.get(name) ?? '';
    if (policy !== expected) throw new TopicMisconfigured(name, expected, policy);
  }
}

/** Works with an administrator's connection of its own. */
export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
