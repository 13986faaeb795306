import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';
import { startGuarded, type GuardedProcess } from './guarded-process.js';
import { kafkaInstallation, type KafkaInstallation } from './kafka-jars.js';
import { untilMessagesPass } from './kafka-probe.js';

const LOG_LINES_IN_ERRORS = 20;

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

/** A further way in. Clients are told by a broker where to find it, so whoever comes by another way needs a door of its own. */
export interface KafkaDoor {
  /** Upper-case letters, digits and `_`. */
  readonly name: string;
  /** Where the broker listens for those that come through it. */
  readonly port: number;
  /** Where they are told that it listens. */
  readonly advertisedPort: number;
}

/**
 * Starts a broker of one's own from Apache Kafka's jars (see kafkaInstallation) with KRaft in one process, and returns
 * once a message was produced and consumed. Tests that need just any broker use the one of KAFKA_BROKERS instead.
 *
 * @throws KafkaUnavailableError when this machine cannot run one.
 */
export async function startKafkaBroker(doors: readonly KafkaDoor[] = []): Promise<KafkaBroker> {
  const installation = await kafkaInstallation();
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-kafka-'));
  const port = await freePort();
  const brokers = `127.0.0.1:${port}`;
  const properties = path.join(folder, 'server.properties');
  await writeFile(properties, serverProperties(port, await freePort(), path.join(folder, 'data'), doors));
  await format(installation, properties);

  let running: GuardedProcess | undefined;
  const end = async (how: (broker: GuardedProcess) => Promise<unknown>) => {
    if (running) await how(running);
    running = undefined;
  };
  const broker: KafkaBroker = {
    brokers,
    start: async () => {
      running ??= await launch(installation, properties, brokers);
    },
    stop: () => end((process) => process.stop(30_000)),
    kill: () =>
      end((process) => {
        process.signal('SIGKILL');
        return process.ended;
      }),
    remove: async () => {
      await broker.kill();
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

function serverProperties(
  brokerPort: number,
  controllerPort: number,
  dataDir: string,
  doors: readonly KafkaDoor[],
): string {
  const names = ['PLAINTEXT', 'CONTROLLER', ...doors.map(({ name }) => name)];
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    listeners: [
      `PLAINTEXT://127.0.0.1:${brokerPort}`,
      `CONTROLLER://127.0.0.1:${controllerPort}`,
      ...doors.map(({ name, port }) => `${name}://127.0.0.1:${port}`),
    ].join(),
    'advertised.listeners': [
      `PLAINTEXT://127.0.0.1:${brokerPort}`,
      ...doors.map(({ name, advertisedPort }) => `${name}://127.0.0.1:${advertisedPort}`),
    ].join(),
    'listener.security.protocol.map': names.map((name) => `${name}:PLAINTEXT`).join(),
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dataDir,
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'min.insync.replicas': 1,
    'group.initial.rebalance.delay.ms': 0,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

async function format({ java, classPath }: KafkaInstallation, properties: string): Promise<void> {
  const clusterId = randomBytes(16).toString('base64url');
  const args = [
    'kafka.tools.StorageTool',
    'format',
    '--standalone',
    `--cluster-id=${clusterId}`,
    '-c',
    properties,
  ];
  await promisify(execFile)(java, ['-cp', classPath, ...args]);
}

async function launch(
  installation: KafkaInstallation,
  properties: string,
  brokers: string,
): Promise<GuardedProcess> {
  const lines: string[] = [];
  const memory = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const broker = await startGuarded({
    command: installation.java,
    args: [...memory, '-cp', installation.classPath, 'kafka.Kafka', properties],
    onLine: (line) => {
      lines.push(line);
      if (lines.length > LOG_LINES_IN_ERRORS) lines.shift();
    },
  });
  try {
    await Promise.race([
      untilMessagesPass(brokers),
      broker.ended.then(({ status }) => Promise.reject(new Error(`the broker ended with status ${status}`))),
    ]);
  } catch (error) {
    await broker.stop(1000);
    throw new Error(`Kafka did not start:\n${lines.join('\n')}`, { cause: error });
  }
  return broker;
}
