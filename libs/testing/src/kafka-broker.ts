import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.js';
import { kafkaInstallation } from './kafka-jars.js';
import { KafkaNode, type KafkaDoor, type KafkaProperties } from './kafka-node.js';
import { untilMessagesPass } from './kafka-probe.js';

/** Of a single broker, which has nobody to replicate to. */
const ALONE: KafkaProperties = {
  'offsets.topic.replication.factor': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'min.insync.replicas': 1,
};

/** An Apache Kafka broker that tests can take down and bring up again, on the same ports and the same data. */
export interface KafkaBroker {
  /** For KAFKA_BROKERS and clients: `127.0.0.1:port`. */
  readonly brokers: string;
  /** Shuts the broker down in an orderly way; its data stays. */
  stop(): Promise<void>;
  /** Ends it as `kill -9` does. */
  kill(): Promise<void>;
  /** Brings a stopped or killed broker up again and waits until messages pass. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

export interface KafkaBrokerOptions {
  /** Besides the one of `brokers`. */
  readonly doors?: readonly KafkaDoor[];
  readonly properties?: KafkaProperties;
  /** Further options of `kafka-storage format`. */
  readonly formatOptions?: readonly string[];
}

/**
 * Starts a broker of one's own from Apache Kafka's jars (see kafkaInstallation) with KRaft in one process, and returns
 * once a message was produced and consumed. Tests that need just any broker use the one of KAFKA_BROKERS instead.
 *
 * @throws KafkaUnavailableError when this machine cannot run one.
 */
export async function startKafkaBroker(options: KafkaBrokerOptions = {}): Promise<KafkaBroker> {
  const { doors = [], properties = {}, formatOptions = [] } = options;
  const installation = await kafkaInstallation();
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-kafka-'));
  const [port, controllerPort] = [await freePort(), await freePort()];
  const brokers = `127.0.0.1:${port}`;
  const node = await KafkaNode.format({
    installation,
    nodeId: 1,
    clusterId: randomBytes(16).toString('base64url'),
    folder: path.join(folder, 'node'),
    port,
    controllerPort,
    doors,
    properties: {
      'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
      ...ALONE,
      ...properties,
    },
    formatOptions: ['--standalone', ...formatOptions],
  });
  const broker: KafkaBroker = {
    brokers,
    start: async () => {
      await node.launch();
      await node.until(untilMessagesPass(brokers));
    },
    stop: () => node.stop(),
    kill: () => node.kill(),
    remove: async () => {
      await node.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await broker.start();
  } catch (error) {
    await broker.remove();
    throw error;
  }
  return broker;
}
