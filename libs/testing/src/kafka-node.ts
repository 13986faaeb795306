import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { startGuarded, type GuardedProcess } from './guarded-process.js';
import type { KafkaInstallation } from './kafka-jars.js';

const LOG_LINES_IN_ERRORS = 20;

/** A further way in. Clients are told by a broker where to find it, so whoever comes by another way needs a door of its own. */
export interface KafkaDoor {
  /** Upper-case letters, digits and `_`. */
  readonly name: string;
  /** Where the broker listens for those that come through it. */
  readonly port: number;
  /** Where they are told that it listens. */
  readonly advertisedPort: number;
  /** PLAINTEXT unless told. */
  readonly protocol?: 'PLAINTEXT' | 'SSL' | 'SASL_SSL';
}

/** Lines of `server.properties`. */
export type KafkaProperties = Readonly<Record<string, string | number | boolean>>;

export interface KafkaNodeOptions {
  readonly installation: KafkaInstallation;
  readonly nodeId: number;
  readonly clusterId: string;
  /** The node's own, which it makes. */
  readonly folder: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly doors: readonly KafkaDoor[];
  /** Besides and before the usual ones. */
  readonly properties: KafkaProperties;
  /** What the storage is formatted with: who votes, which users there are. */
  readonly formatOptions: readonly string[];
}

/** One process that is broker and KRaft controller, and can be ended and started again on the same ports and the same data. */
export class KafkaNode {
  private running: GuardedProcess | undefined;
  private readonly lines: string[] = [];

  private constructor(
    private readonly options: KafkaNodeOptions,
    private readonly propertiesFile: string,
  ) {}

  /** Formats its storage, and starts nothing. */
  static async format(options: KafkaNodeOptions): Promise<KafkaNode> {
    const { folder, installation, clusterId, formatOptions } = options;
    await mkdir(folder, { recursive: true });
    const file = path.join(folder, 'server.properties');
    await writeFile(file, serverProperties(options));
    const tool = ['-cp', installation.classPath, 'kafka.tools.StorageTool', 'format'];
    await promisify(execFile)(installation.java, [
      ...tool,
      `--cluster-id=${clusterId}`,
      '-c',
      file,
      ...formatOptions,
    ]);
    return new KafkaNode(options, file);
  }

  /** Starts the process unless it runs; messages do not pass yet. */
  async launch(): Promise<void> {
    const { installation } = this.options;
    const memory = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
    this.running ??= await startGuarded({
      command: installation.java,
      args: [...memory, '-cp', installation.classPath, 'kafka.Kafka', this.propertiesFile],
      onLine: (line) => {
        this.lines.push(line);
        if (this.lines.length > LOG_LINES_IN_ERRORS) this.lines.shift();
      },
    });
  }

  /** Waits until `ready` has resolved. @throws Error with the last lines of its log when the process ends, or `ready` rejects. */
  async until(ready: Promise<void>): Promise<void> {
    const ended = this.running?.ended.then(({ status }) =>
      Promise.reject(new Error(`the broker ended with status ${status}`)),
    );
    try {
      await Promise.race([ready, ended ?? Promise.reject(new Error('the broker is not running'))]);
    } catch (error) {
      await this.kill();
      throw new Error(`Kafka did not start:\n${this.lines.join('\n')}`, { cause: error });
    }
  }

  /** Ends it in an orderly way. */
  async stop(): Promise<void> {
    await this.running?.stop(30_000);
    this.running = undefined;
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    this.running?.signal('SIGKILL');
    await this.running?.ended;
    this.running = undefined;
  }
}

function serverProperties(options: KafkaNodeOptions): string {
  const { nodeId, port, controllerPort, folder, doors } = options;
  const properties: KafkaProperties = {
    'process.roles': 'broker,controller',
    'node.id': nodeId,
    listeners: [
      `PLAINTEXT://127.0.0.1:${port}`,
      `CONTROLLER://127.0.0.1:${controllerPort}`,
      ...doors.map((door) => `${door.name}://127.0.0.1:${door.port}`),
    ].join(),
    'advertised.listeners': [
      `PLAINTEXT://127.0.0.1:${port}`,
      ...doors.map(({ name, advertisedPort }) => `${name}://127.0.0.1:${advertisedPort}`),
    ].join(),
    'listener.security.protocol.map': [
      'PLAINTEXT:PLAINTEXT',
      'CONTROLLER:PLAINTEXT',
      ...doors.map(({ name, protocol = 'PLAINTEXT' }) => `${name}:${protocol}`),
    ].join(),
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': path.join(folder, 'data'),
    'auto.create.topics.enable': false,
    'offsets.topic.num.partitions': 4,
    'group.initial.rebalance.delay.ms': 0,
    ...options.properties,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
