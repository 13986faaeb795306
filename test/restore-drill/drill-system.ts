import { newApiKey } from '@tenantry/service';
import {
  databaseUrl,
  ensureDatabases,
  freePort,
  HttpClient,
  installationEnvironment,
  migrateApp,
  startApp,
  startPostgres,
  untilReady,
  type AppName,
  type GuardedProcess,
} from '@tenantry/testing/servers';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { startControlServer, type ControlServer } from './control-server.ts';

const DATABASES: Readonly<Record<AppName, string>> = {
  'control-plane': 'drill_control',
  'data-plane': 'drill_data',
  verifier: 'drill_verifier',
};
const APPS = Object.keys(DATABASES) as AppName[];
const PASSWORD = 'drill-password';

export interface DrillSystemOptions {
  /** Where data and logs go; the user that servers run as may pass it. */
  readonly folder: string;
  /** PostgreSQL's programs. */
  readonly tools: string;
  /** Undefined: the embedded transport. */
  readonly kafkaBrokers?: string | undefined;
}

/** The product with the control plane's database on a server of its own, which alone is lost. */
export interface DrillSystem {
  readonly server: ControlServer;
  /** The control plane's database on that server. */
  readonly database: string;
  readonly control: HttpClient;
  readonly data: HttpClient;
  readonly adminUrls: Readonly<Record<AppName, string>>;
  /** Runs the control plane's `main.migrate`. */
  migrate(...options: string[]): Promise<void>;
  /** Starts the control plane and waits until it is ready. */
  startControl(): Promise<void>;
  stopControl(): Promise<void>;
  /** Starts an entry point that is to refuse. @returns its exit status and what it logged. */
  refusal(entry: string): Promise<{ readonly status: number; readonly log: string }>;
  stop(): Promise<void>;
}

/** Brings everything up. */
export async function startDrillSystem(options: DrillSystemOptions): Promise<DrillSystem> {
  const { folder, tools, kafkaBrokers } = options;
  const cleanUp: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of cleanUp.splice(0).reverse()) await end();
  };
  try {
    const server = await startControlServer(path.join(folder), tools);
    cleanUp.push(() => server.stop());
    const others = await startPostgres({
      dataDir: path.join(folder, 'others'),
      password: PASSWORD,
      settings: { fsync: 'off', max_connections: '200' },
    });
    cleanUp.push(() => others.stop());
    await ensureDatabases(server.adminUrl, [DATABASES['control-plane']]);
    await ensureDatabases(others.adminUrl, [DATABASES['data-plane'], DATABASES.verifier]);

    const keys = { control: newApiKey(), data: newApiKey() };
    const environment = installationEnvironment({
      serverUrl: others.adminUrl,
      databases: DATABASES,
      scannedDatabases: 'drill_*',
      signingKey: 'env:DRILL_SIGNING_KEY',
      loginPrefix: 'drill',
      password: PASSWORD,
      kafka: kafkaBrokers === undefined ? undefined : { brokers: kafkaBrokers, topicPrefix: newPrefix() },
      adminKeyHash: keys.control.hash,
      dataPlaneKeyHash: keys.data.hash,
    });
    const log = createWriteStream(path.join(folder, 'processes.log'));
    const ports = { 'control-plane': await freePort(), 'data-plane': await freePort() };
    const signingKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    /** All of it is made for one server; the control plane's database is on the other. */
    const variables = (app: AppName, use: 'migrate' | 'serve'): Record<string, string> =>
      Object.fromEntries(
        Object.entries({ ...environment[app][use], DRILL_SIGNING_KEY: signingKey.toString() }).map(
          ([name, value]) => [name, atControlServer(value, others.port, server)],
        ),
      );
    const start = async (app: keyof typeof ports, entry = 'main', onLine?: (line: string) => void) =>
      startApp({
        app,
        entry,
        env: { ...variables(app, 'serve'), PORT: String(ports[app]) },
        onLine: (line) => {
          log.write(`${app} ${line}\n`);
          onLine?.(line);
        },
      });
    for (const app of APPS) await migrateApp(app, variables(app, 'migrate'));

    const url = (app: keyof typeof ports): string => `http://127.0.0.1:${ports[app]}`;
    let control: GuardedProcess | undefined;
    const system: DrillSystem = {
      server,
      database: DATABASES['control-plane'],
      control: new HttpClient(url('control-plane')).withKey(keys.control.key),
      data: new HttpClient(url('data-plane')).withKey(keys.data.key),
      adminUrls: {
        'control-plane': databaseUrl(server.adminUrl, DATABASES['control-plane']),
        'data-plane': databaseUrl(others.adminUrl, DATABASES['data-plane']),
        verifier: databaseUrl(others.adminUrl, DATABASES.verifier),
      },
      migrate: (...flags) => migrateApp('control-plane', variables('control-plane', 'migrate'), flags),
      startControl: async () => {
        control = await start('control-plane');
        await untilReady(url('control-plane'), control);
      },
      stopControl: async () => {
        await control?.stop();
        control = undefined;
      },
      refusal: async (entry) => {
        const lines: string[] = [];
        const { status } = await (await start('control-plane', entry, (line) => lines.push(line))).ended;
        return { status, log: lines.join('\n') };
      },
      stop,
    };
    cleanUp.push(() => system.stopControl());
    await system.startControl();
    const data = await start('data-plane');
    cleanUp.push(() => data.stop());
    await untilReady(url('data-plane'), data);
    return system;
  } catch (error) {
    await stop();
    throw error;
  }
}

function atControlServer(value: string, port: number, { adminUrl }: ControlServer): string {
  const database = DATABASES['control-plane'];
  return value.replaceAll(`127.0.0.1:${port}/${database}`, `${new URL(adminUrl).host}/${database}`);
}

/** Topics are the broker's, which drills share. */
const newPrefix = (): string => `drill-${randomBytes(4).toString('hex')}`;
