import { newApiKey } from '@tenantry/service';
import {
  databaseUrl,
  freePort,
  installationEnvironment,
  networkLink,
  startKafkaBroker,
  startPostgres,
  withClient,
  type AppName,
  type KafkaBroker,
  type NetworkLink,
  type PostgresServer,
} from '@tenantry/testing/servers';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createWriteStream, type WriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Peer } from './fault-plan.ts';
import { JOURNALS_SQL } from './journal.sql.ts';
import { ProcessSlot } from './process-slot.ts';
import { migrateBuild } from './migrate-build.ts';
import { PLACES, usesKafka } from './topology.ts';

/** Unacknowledged requests are published again after 1, 2, 4, 5, 5 … seconds. */
const CONTROL_PLANE_ENV = {
  REQUEST_BACKOFF_BASE_MS: '1000',
  REQUEST_BACKOFF_MAX_MS: '5000',
  LOG_LEVEL: 'info',
};

/**
 * The data is to outlive the server and not the machine, so it need not reach the disk; but a commit that was answered must be
 * in the operating system's hands, or an immediate stop would lose what nobody may lose.
 */
const POSTGRES_SETTINGS = { fsync: 'off', synchronous_commit: 'on', max_connections: '300' };

const DATABASES: Readonly<Record<AppName, string>> = {
  'control-plane': 'chaos_control',
  'data-plane': 'chaos_data',
  verifier: 'chaos_verifier',
};
const APPS = Object.keys(DATABASES) as AppName[];
const TOPIC_PREFIX = 'chaos';
const PASSWORD = 'chaos-password';

export interface ChaosSystemOptions {
  readonly kafka: boolean;
  /** The folder with `apps/*​/dist` that the processes run from. */
  readonly buildRoot: string;
  /** Where the log of every process goes. */
  readonly logFolder: string;
}

/** The product as separate processes, with servers of its own and a link between each process and each server. */
export interface ChaosSystem {
  readonly apiUrl: string;
  readonly apiKey: string;
  /** Superuser's URLs, past every link. */
  readonly adminUrls: Readonly<Record<AppName, string>>;
  /** Past every link; undefined on the embedded transport. */
  readonly kafkaBrokers: string | undefined;
  readonly topicPrefix: string;
  readonly consumerGroup: string;
  readonly broker: KafkaBroker | undefined;
  slot(place: string): ProcessSlot;
  readonly slots: readonly ProcessSlot[];
  link(place: string, peer: Peer): NetworkLink;
  healLinks(): void;
  /** Stops PostgreSQL as `pg_ctl stop -m immediate` does. */
  stopPostgres(): Promise<void>;
  startPostgres(): Promise<void>;
  stop(): Promise<void>;
}

/** Brings everything up and waits until every process is ready. */
export async function startChaosSystem(options: ChaosSystemOptions): Promise<ChaosSystem> {
  const cleanUp: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of cleanUp.splice(0).reverse()) await end();
  };
  try {
    return await start(options, cleanUp, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  { kafka, buildRoot, logFolder }: ChaosSystemOptions,
  cleanUp: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<ChaosSystem> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-chaos-'));
  // The server may have to run as another user, who must be able to pass.
  await chmod(folder, 0o711);
  cleanUp.push(() => rm(folder, { recursive: true, force: true }));

  const postgresPort = await freePort();
  let postgres: PostgresServer | undefined;
  const serverLog = createWriteStream(path.join(logFolder, 'postgres.log'));
  const bringUpPostgres = async (): Promise<PostgresServer> =>
    startPostgres({
      dataDir: path.join(folder, 'postgres'),
      password: PASSWORD,
      port: postgresPort,
      settings: POSTGRES_SETTINGS,
      onLine: (line) => void serverLog.write(`${line}\n`),
    });
  const { broker, links } = await startNetwork(kafka, postgresPort, cleanUp, async () => {
    postgres = await bringUpPostgres();
    cleanUp.push(async () => postgres?.stop());
  });
  if (!postgres) throw new Error('PostgreSQL is not up');
  const serverUrl = postgres.adminUrl;
  const adminUrls = {
    'control-plane': databaseUrl(serverUrl, DATABASES['control-plane']),
    'data-plane': databaseUrl(serverUrl, DATABASES['data-plane']),
    verifier: databaseUrl(serverUrl, DATABASES.verifier),
  };
  const signingKey = generateKeyPairSync('ed25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

  const keys = { control: newApiKey(), data: newApiKey() };
  const environment = installationEnvironment({
    serverUrl,
    databases: DATABASES,
    scannedDatabases: 'chaos_*',
    signingKey: 'env:CHAOS_SIGNING_KEY',
    loginPrefix: 'chaos',
    password: PASSWORD,
    kafka: broker && { brokers: broker.brokers, topicPrefix: TOPIC_PREFIX },
    adminKeyHash: keys.control.hash,
    dataPlaneKeyHash: keys.data.hash,
  });
  await withClient(serverUrl, async (client) => {
    for (const name of Object.values(DATABASES)) await client.query(`CREATE DATABASE ${name}`);
  });
  await migrateBuild(buildRoot, environment);
  for (const app of APPS) await withClient(adminUrls[app], (client) => client.query(JOURNALS_SQL[app]));

  const slots = new Map<string, ProcessSlot>();
  const link = (place: string, peer: Peer): NetworkLink => {
    const found = links.get(`${place} ${peer}`);
    if (!found) throw new Error(`there is no link from ${place} to ${peer}`);
    return found;
  };
  let apiUrl = '';
  for (const place of PLACES) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    if (place.role === 'api') apiUrl = url;
    const log: WriteStream = createWriteStream(path.join(logFolder, `${place.name}.log`));
    const kafkaPort = kafka && usesKafka(place) ? link(place.name, 'kafka').port : undefined;
    const through = (value: string): string =>
      broker && value === broker.brokers
        ? `127.0.0.1:${kafkaPort ?? ''}`
        : value.replaceAll(`127.0.0.1:${postgresPort}`, `127.0.0.1:${link(place.name, 'postgres').port}`);
    const serve = Object.entries(environment[place.app].serve).map(
      ([name, value]) => [name, through(value)] as const,
    );
    const slot = new ProcessSlot({
      place,
      url,
      file: path.join(buildRoot, place.file),
      env: {
        ...Object.fromEntries(serve),
        ...(place.app === 'control-plane' && { ...CONTROL_PLANE_ENV, CHAOS_SIGNING_KEY: signingKey }),
        PORT: String(port),
      },
      onLine: (line) => void log.write(`${new Date().toISOString()} ${line}\n`),
    });
    slots.set(place.name, slot);
  }
  cleanUp.push(() => Promise.all([...slots.values()].map((slot) => slot.stop())));
  for (const slot of slots.values()) slot.start();
  await Promise.all([...slots.values()].map((slot) => slot.ready()));

  return {
    apiUrl,
    apiKey: keys.control.key,
    adminUrls,
    kafkaBrokers: broker?.brokers,
    topicPrefix: TOPIC_PREFIX,
    consumerGroup: environment['data-plane'].serve['PARTICIPANT_NAME'] ?? '',
    broker,
    slot: (place) => {
      const slot = slots.get(place);
      if (!slot) throw new Error(`there is no ${place}`);
      return slot;
    },
    slots: [...slots.values()],
    link,
    healLinks: () => links.forEach((one) => one.heal()),
    stopPostgres: async () => {
      postgres?.process.signal('SIGQUIT');
      await postgres?.process.ended;
    },
    startPostgres: async () => {
      postgres = await bringUpPostgres();
    },
    stop,
  };
}

/** A link from each place to each server it talks to, and the servers behind them. */
async function startNetwork(
  kafka: boolean,
  postgresPort: number,
  cleanUp: (() => Promise<unknown>)[],
  startDatabase: () => Promise<void>,
): Promise<{ broker: KafkaBroker | undefined; links: ReadonlyMap<string, NetworkLink> }> {
  const links = new Map<string, NetworkLink>();
  const lay = async (name: string, port: number): Promise<NetworkLink> => {
    const link = await networkLink(port);
    cleanUp.push(() => link.close());
    links.set(name, link);
    return link;
  };
  const doors = [];
  for (const place of PLACES) {
    await lay(`${place.name} postgres`, postgresPort);
    if (!kafka || !usesKafka(place)) continue;
    const port = await freePort();
    const { port: advertisedPort } = await lay(`${place.name} kafka`, port);
    doors.push({ name: place.name.toUpperCase().replaceAll('-', '_'), port, advertisedPort });
  }
  const [broker] = await Promise.all([
    kafka
      ? startKafkaBroker({ doors }).then((started) => {
          cleanUp.push(() => started.remove());
          return started;
        })
      : undefined,
    startDatabase(),
  ]);
  return { broker, links };
}
