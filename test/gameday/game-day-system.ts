import { newApiKey } from '@tenantry/service';
import {
  HttpClient,
  databaseUrl,
  freePort,
  installationEnvironment,
  networkLink,
  startKafkaBroker,
  startPostgres,
  withClient,
  type AppName,
  type NetworkLink,
} from '@tenantry/testing/servers';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { ProcessSlot } from '../chaos/process-slot.ts';
import { migrateBuild } from '../chaos/migrate-build.ts';
import { usesKafka } from '../chaos/topology.ts';
import { PLACES, type PlaceName } from './places.ts';

const POSTGRES_SETTINGS = { fsync: 'off', synchronous_commit: 'off', max_connections: '300' };
const PASSWORD = 'game-day';

/** What is told to processes so that minutes pass in seconds; each is a documented variable. */
const SOONER: Readonly<Record<AppName, Readonly<Record<string, string>>>> = {
  'control-plane': {
    REQUEST_BACKOFF_BASE_MS: '1000',
    REQUEST_BACKOFF_MAX_MS: '3000',
    SWEEP_INTERVAL_MS: '1000',
  },
  'data-plane': {
    ROUTE_STALENESS_ALERT: 'PT15S',
    ISOLATION_AUDIT_INTERVAL: 'PT5S',
  },
  verifier: {},
};

export type Peer = 'postgres' | 'kafka';

/** The product as separate processes with servers of their own, a link between each process and each server, and metrics. */
export interface GameDaySystem {
  /** Calls the control plane as its administrator. */
  readonly control: HttpClient;
  /** Calls the data plane; a tenant is named by `with({ 'tenantry-tenant': id })`. */
  readonly data: HttpClient;
  /** Superuser's URLs, past every link. */
  readonly adminUrls: Readonly<Record<AppName, string>>;
  readonly serverUrl: string;
  readonly kafkaBrokers: string;
  readonly topicPrefix: string;
  /** Where the metrics of the processes are, `127.0.0.1:port`. */
  readonly targets: readonly string[];
  slot(place: PlaceName): ProcessSlot;
  link(place: PlaceName, peer: Peer): NetworkLink;
  stop(): Promise<void>;
}

/** Brings everything up and waits until every process is ready. @param folder for data and logs, made by the caller. */
export async function startGameDaySystem(buildRoot: string, folder: string): Promise<GameDaySystem> {
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    return await start(buildRoot, folder, ends, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  buildRoot: string,
  folder: string,
  ends: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<GameDaySystem> {
  // The server may have to run as another user, who must be able to pass.
  await chmod(folder, 0o711);
  const id = randomBytes(6).toString('hex');
  const databases = {
    'control-plane': `gameday_${id}_control`,
    'data-plane': `gameday_${id}_data`,
    verifier: `gameday_${id}_verifier`,
  };
  const topicPrefix = `t${id}`;
  const postgres = await startPostgres({
    dataDir: path.join(folder, 'postgres'),
    password: PASSWORD,
    settings: POSTGRES_SETTINGS,
  });
  ends.push(() => postgres.stop());
  const { links, doors } = await layLinks(postgres.port, ends);
  const broker = await startKafkaBroker({ doors });
  ends.push(() => broker.remove());

  const keys = { control: newApiKey(), data: newApiKey() };
  const serverUrl = postgres.adminUrl;
  const environment = installationEnvironment({
    serverUrl,
    databases,
    scannedDatabases: `gameday_${id}_*`,
    signingKey: 'env:GAME_DAY_SIGNING_KEY',
    loginPrefix: `gameday_${id}`,
    password: PASSWORD,
    kafka: { brokers: broker.brokers, topicPrefix },
    adminKeyHash: keys.control.hash,
    dataPlaneKeyHash: keys.data.hash,
  });
  await withClient(serverUrl, async (client) => {
    for (const name of Object.values(databases)) await client.query(`CREATE DATABASE ${name}`);
  });
  await migrateBuild(buildRoot, environment);

  const link = (place: PlaceName, peer: Peer): NetworkLink => {
    const found = links.get(`${place} ${peer}`);
    if (!found) throw new Error(`there is no link from ${place} to ${peer}`);
    return found;
  };
  const signingKey = generateKeyPairSync('ed25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  const slots = new Map<PlaceName, ProcessSlot>();
  const targets: string[] = [];
  const urls = {} as Record<PlaceName, string>;
  for (const name of Object.keys(PLACES) as PlaceName[]) {
    const place = PLACES[name];
    const [port, metricsPort] = [await freePort(), await freePort()];
    targets.push(`127.0.0.1:${metricsPort}`);
    urls[name] = `http://127.0.0.1:${port}`;
    const through = (value: string): string =>
      value === broker.brokers
        ? usesKafka(place)
          ? `127.0.0.1:${link(name, 'kafka').port}`
          : value
        : value.replaceAll(`127.0.0.1:${postgres.port}`, `127.0.0.1:${link(name, 'postgres').port}`);
    const serve = Object.entries(environment[place.app].serve).map(([key, value]) => [key, through(value)]);
    const log = createWriteStream(path.join(folder, `${name}.log`));
    slots.set(
      name,
      new ProcessSlot({
        place,
        url: urls[name],
        file: path.join(buildRoot, place.file),
        env: {
          ...(Object.fromEntries(serve) as Record<string, string>),
          ...SOONER[place.app],
          ...(place.app === 'control-plane' && { GAME_DAY_SIGNING_KEY: signingKey }),
          PORT: String(port),
          METRICS_PORT: String(metricsPort),
        },
        onLine: (line) => void log.write(`${new Date().toISOString()} ${line}\n`),
      }),
    );
  }
  ends.push(() => Promise.all([...slots.values()].map((slot) => slot.stop())));
  for (const slot of slots.values()) slot.start();
  await Promise.all([...slots.values()].map((slot) => slot.ready()));

  return {
    control: new HttpClient(urls.api).withKey(keys.control.key),
    data: new HttpClient(urls['data-plane']).withKey(keys.data.key),
    adminUrls: {
      'control-plane': databaseUrl(serverUrl, databases['control-plane']),
      'data-plane': databaseUrl(serverUrl, databases['data-plane']),
      verifier: databaseUrl(serverUrl, databases.verifier),
    },
    serverUrl,
    kafkaBrokers: broker.brokers,
    topicPrefix,
    targets,
    slot: (place) => {
      const slot = slots.get(place);
      if (!slot) throw new Error(`there is no ${place}`);
      return slot;
    },
    link,
    stop,
  };
}

/** From each place to each server that it talks to; a broker tells clients where to find it, so each has a door of its own. */
async function layLinks(postgresPort: number, ends: (() => Promise<unknown>)[]) {
  const links = new Map<string, NetworkLink>();
  const lay = async (name: string, port: number): Promise<NetworkLink> => {
    const link = await networkLink(port);
    ends.push(() => link.close());
    links.set(name, link);
    return link;
  };
  const doors: { name: string; port: number; advertisedPort: number }[] = [];
  for (const place of Object.values(PLACES)) {
    await lay(`${place.name} postgres`, postgresPort);
    if (!usesKafka(place)) continue;
    const port = await freePort();
    const { port: advertisedPort } = await lay(`${place.name} kafka`, port);
    doors.push({ name: place.name.toUpperCase().replaceAll('-', '_'), port, advertisedPort });
  }
  return { links, doors };
}
