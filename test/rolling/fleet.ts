import { newApiKey } from '@tenantry/service';
import {
  databaseUrl,
  dropInstallation,
  freePort,
  installationEnvironment,
  withClient,
  type AppName,
} from '@tenantry/testing/servers';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync } from 'node:fs';
import path from 'node:path';
import { JOURNALS_SQL } from '../chaos/journal.sql.ts';
import { ProcessSlot } from '../chaos/process-slot.ts';
import { migrateBuild } from '../chaos/migrate-build.ts';
import { PLACES } from './places.ts';

const APPS: readonly AppName[] = ['control-plane', 'data-plane', 'verifier'];
/** What the balancer needs to notice several times over. */
const SHUTDOWN_DRAIN = 'PT2S';

export interface FleetOptions {
  /** A superuser's URL of a server for the databases. */
  readonly serverUrl: string;
  /** Undefined: the embedded transport. */
  readonly kafkaBrokers: string | undefined;
  /** The folder with `apps/*​/dist` that the databases are migrated and the processes started from at first. */
  readonly buildRoot: string;
  /** Where the log of every process goes. */
  readonly logFolder: string;
}

/** An installation with several processes of each kind, and journals of every effect in its databases. */
export interface Fleet {
  readonly slots: readonly ProcessSlot[];
  readonly apiKey: string;
  readonly dataPlaneKey: string;
  readonly adminUrls: Readonly<Record<AppName, string>>;
  readonly kafkaBrokers: string | undefined;
  readonly topicPrefix: string;
  /** Runs the migrations of a build. */
  migrate(buildRoot: string): Promise<void>;
  stop(): Promise<void>;
}

/** Brings everything up and waits until every process is ready. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { serverUrl, kafkaBrokers, buildRoot, logFolder } = options;
  mkdirSync(logFolder, { recursive: true });
  const id = `${process.env['TEST_DATABASE_PREFIX'] ?? 'tnt_test_'}${randomBytes(4).toString('hex')}`;
  const databases = {
    'control-plane': `${id}_control`,
    'data-plane': `${id}_data`,
    verifier: `${id}_verifier`,
  };
  const keys = { control: newApiKey(), data: newApiKey() };
  const topicPrefix = `t${id}`;
  const signingKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const environment = installationEnvironment({
    serverUrl,
    databases,
    scannedDatabases: `${id}_*`,
    loginPrefix: id,
    password: randomBytes(18).toString('base64url'),
    kafka: kafkaBrokers === undefined ? undefined : { brokers: kafkaBrokers, topicPrefix },
    adminKeyHash: keys.control.hash,
    dataPlaneKeyHash: keys.data.hash,
    signingKey: 'env:FLEET_SIGNING_KEY',
  });
  const adminUrls = {
    'control-plane': databaseUrl(serverUrl, databases['control-plane']),
    'data-plane': databaseUrl(serverUrl, databases['data-plane']),
    verifier: databaseUrl(serverUrl, databases.verifier),
  };
  const migrate = (root: string): Promise<void> => migrateBuild(root, environment);
  const slots: ProcessSlot[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(slots.map((slot) => slot.stop()));
    await dropInstallation(Object.values(databases), id);
  };
  try {
    await withClient(serverUrl, async (client) => {
      for (const name of Object.values(databases)) await client.query(`CREATE DATABASE ${name}`);
    });
    await migrate(buildRoot);
    for (const app of APPS) await withClient(adminUrls[app], (client) => client.query(JOURNALS_SQL[app]));
    for (const place of PLACES) {
      const port = await freePort();
      const log = createWriteStream(path.join(logFolder, `${place.name}.log`));
      const slot = new ProcessSlot({
        place,
        url: `http://127.0.0.1:${port}`,
        file: path.join(buildRoot, place.file),
        env: {
          ...environment[place.app].serve,
          ...(place.app === 'control-plane' && { FLEET_SIGNING_KEY: signingKey.toString() }),
          PORT: String(port),
          METRICS_PORT: 'off',
          SHUTDOWN_DRAIN,
        },
        onLine: (line) => void log.write(`${new Date().toISOString()} ${line}\n`),
      });
      slots.push(slot);
      slot.start();
    }
    await Promise.all(slots.map((slot) => slot.ready()));
  } catch (error) {
    await stop();
    throw error;
  }
  const dataPlaneKey = keys.data.key;
  return {
    slots,
    apiKey: keys.control.key,
    dataPlaneKey,
    adminUrls,
    kafkaBrokers,
    topicPrefix,
    migrate,
    stop,
  };
}
