import { topicNames } from '@tenantry/contracts';
import type { Admin } from 'kafkajs';
import { kafkaClient, type KafkaConnection } from './kafka-connection.js';
import { TOPIC_RESOURCE, withAdmin } from './kafka-topics.js';

/** What the brokers tell of a topic to this client. */
export interface InspectedTopic {
  readonly name: string;
  /** What it has to have. */
  readonly expectedPolicy: 'delete' | 'compact';
  /** Undefined: it is not there, or this client may not know of it. */
  readonly found:
    | {
        readonly partitions: number;
        /** Of the partition with the fewest. */
        readonly replicas: number;
        /** Undefined where the configuration may not be read. */
        readonly cleanupPolicy: string | undefined;
        readonly minInsyncReplicas: number | undefined;
      }
    | undefined;
}

export interface KafkaInspection {
  readonly brokers: number;
  /** Whose acknowledgements are heard with. */
  readonly group: { readonly name: string; readonly refused: boolean };
  readonly topics: readonly InspectedTopic[];
}

/**
 * Asks the brokers, as this client, for everything that the control plane needs there. Makes and changes nothing, so whether it may
 * write cannot be told.
 *
 * @throws when the brokers cannot be reached, or do not let this client in.
 */
export async function inspectKafka(
  connection: KafkaConnection,
  participants: readonly string[],
): Promise<KafkaInspection> {
  const names = topicNames(connection.topicPrefix, connection.topicNames);
  const group = `${connection.topicPrefix ?? 'tenantry'}._control-plane`;
  const wanted: readonly (readonly [string, InspectedTopic['expectedPolicy']])[] = [
    [names.lifecycle, 'delete'],
    [names.state, 'compact'],
    [names.parked, 'delete'],
    ...participants.map((one) => [names.acknowledgements(one), 'delete'] as const),
  ];
  return withAdmin(kafkaClient(connection), async (admin) => {
    const { brokers } = await admin.describeCluster();
    const there = new Set(await admin.listTopics());
    const topics = await Promise.all(
      wanted.map(async ([name, expectedPolicy]) => ({
        name,
        expectedPolicy,
        found: there.has(name) ? await inspectTopic(admin, name) : undefined,
      })),
    );
    const refused = await isRefused(() => admin.fetchOffsets({ groupId: group, topics: [] }));
    return { brokers: brokers.length, group: { name: group, refused }, topics };
  });
}

async function inspectTopic(admin: Admin, name: string): Promise<NonNullable<InspectedTopic['found']>> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
  const partitions = topics[0]?.partitions ?? [];
  const settings = await settingsOf(admin, name);
  const replicas = settings.get('min.insync.replicas');
  return {
    partitions: partitions.length,
    replicas: Math.min(...partitions.map((partition) => partition.replicas.length)),
    cleanupPolicy: settings.get('cleanup.policy'),
    minInsyncReplicas: replicas === undefined ? undefined : Number(replicas),
  };
}

async function settingsOf(admin: Admin, name: string): Promise<ReadonlyMap<string, string>> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: TOPIC_RESOURCE, name, configNames: ['cleanup.policy', 'min.insync.replicas'] }],
    });
    const entries = resources[0]?.configEntries ?? [];
    return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  } catch (error) {
    if (isRefusal(error)) return new Map();
    throw error;
  }
}

async function isRefused(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return false;
  } catch (error) {
    if (isRefusal(error)) return true;
    throw error;
  }
}

/** kafkajs hides the answer of a broker that refuses to name a group's coordinator behind an error of its own. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('type' in error && String(error.type).endsWith('AUTHORIZATION_FAILED')) return true;
  return error.name === 'KafkaJSGroupCoordinatorNotFound' || isRefusal(error.cause);
}
