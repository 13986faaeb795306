import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { freePort } from './free-port.js';
import { kafkaInstallation } from './kafka-jars.js';
import { KafkaNode, type KafkaProperties } from './kafka-node.js';
import { untilMessagesPass } from './kafka-probe.js';
import { waitFor } from './wait-for.js';

const NODES = 3;
const IN_SYNC_TIMEOUT_MS = 120_000;

/** As people run three: every message on all of them, and durable on two. */
const REPLICATED: KafkaProperties = {
  'default.replication.factor': NODES,
  'min.insync.replicas': 2,
  'offsets.topic.replication.factor': NODES,
  'transaction.state.log.replication.factor': NODES,
  'transaction.state.log.min.isr': 2,
  'share.coordinator.state.topic.replication.factor': NODES,
  'share.coordinator.state.topic.min.isr': 2,
};

/** Three brokers whose topics have three replicas, for what one broker cannot show. */
export interface KafkaCluster {
  /** All of them, for clients. */
  readonly brokers: string;
  readonly nodes: readonly Pick<KafkaNode, 'stop' | 'kill' | 'launch'>[];
  /** Resolves when every replica of every partition is in sync: the moment to go on with the next broker. */
  untilInSync(): Promise<void>;
  /** Ends them and removes their data. */
  remove(): Promise<void>;
}

/** Starts them, and returns once messages pass. @throws KafkaUnavailableError when this machine cannot run one. */
export async function startKafkaCluster(): Promise<KafkaCluster> {
  const installation = await kafkaInstallation();
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-kafka-cluster-'));
  const clusterId = randomBytes(16).toString('base64url');
  const places: { nodeId: number; port: number; controllerPort: number }[] = [];
  for (let nodeId = 1; nodeId <= NODES; nodeId += 1)
    places.push({ nodeId, port: await freePort(), controllerPort: await freePort() });
  const voters = places.map(({ nodeId, controllerPort }) => `${nodeId}@127.0.0.1:${controllerPort}`).join();
  const nodes = await Promise.all(
    places.map((place) =>
      KafkaNode.format({
        ...place,
        installation,
        clusterId,
        folder: path.join(folder, `node-${place.nodeId}`),
        doors: [],
        properties: { ...REPLICATED, 'controller.quorum.voters': voters },
        formatOptions: [],
      }),
    ),
  );
  const brokers = places.map(({ port }) => `127.0.0.1:${port}`).join();
  const remove = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(nodes.map((node) => node.launch()));
    const ready = untilMessagesPass(brokers);
    await Promise.all(nodes.map((node) => node.until(ready)));
    await untilInSync(brokers);
  } catch (error) {
    await remove();
    throw error;
  }
  return { brokers, nodes, untilInSync: () => untilInSync(brokers), remove };
}

async function untilInSync(brokers: string): Promise<void> {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING, retry: { retries: 2 } });
  await waitFor('every replica to be in sync', () => isInSync(kafka), IN_SYNC_TIMEOUT_MS);
}

async function isInSync(kafka: Kafka): Promise<boolean> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata();
    return topics.every(({ partitions }) => partitions.every(({ isr }) => isr.length === NODES));
  } finally {
    await admin.disconnect();
  }
}
