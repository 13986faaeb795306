import { topicNames } from '@tenantry/contracts';
import type { Admin, ITopicConfig, Kafka } from 'kafkajs';

const DAY_MS = 86_400_000;

export interface TopicSettings {
  /** Of every topic; fixed once created, because another number moves tenants between partitions and breaks their order. */
  readonly partitions: number;
  /** -1 is the broker's default. */
  readonly replicationFactor: number;
  /** How long lifecycle events are kept. */
  readonly lifecycleRetentionMs: number;
}

export const DEFAULT_TOPIC_SETTINGS: TopicSettings = {
  partitions: 12,
  replicationFactor: -1,
  lifecycleRetentionMs: 90 * DAY_MS,
};

const ANSWER_RETENTION_MS = 30 * DAY_MS;
/** CONFIG_RESOURCE_TYPES.TOPIC; kafkajs's enumeration is no named export under ESM. */
const TOPIC_RESOURCE = 2;

/** A topic is there with another cleanup policy than what it carries needs: the state topic would lose tenants, or the others grow for ever. */
export class TopicMisconfigured extends Error {
  constructor(topic: string, expected: string, found: string) {
    super(
      `Topic ${topic} has cleanup.policy=${found}, it must be ${expected}. Change the topic's configuration, then start again.`,
    );
    this.name = 'TopicMisconfigured';
  }
}

/** Makes sure that the control plane's topics and those of the participants are there with the right cleanup policy. */
export async function ensureTopics(
  kafka: Kafka,
  prefix: string | undefined,
  participants: readonly string[],
  settings: TopicSettings,
): Promise<void> {
  const names = topicNames(prefix);
  const wanted = [
    topic(names.lifecycle, settings, {
      'cleanup.policy': 'delete',
      'retention.ms': String(settings.lifecycleRetentionMs),
    }),
    topic(names.state, settings, { 'cleanup.policy': 'compact' }),
    topic(names.parked, settings, {
      'cleanup.policy': 'delete',
      'retention.ms': String(ANSWER_RETENTION_MS),
    }),
    ...participants.map((participant) =>
      topic(names.acknowledgements(participant), settings, {
        'cleanup.policy': 'delete',
        'retention.ms': String(ANSWER_RETENTION_MS),
      }),
    ),
  ];
  await withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = wanted.filter((one) => !existing.has(one.topic));
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: true });
    await checkPolicies(admin, wanted);
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
  { partitions, replicationFactor }: TopicSettings,
  config: Record<string, string>,
): ITopicConfig {
  const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
  return { topic: name, numPartitions: partitions, replicationFactor, configEntries };
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

async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
