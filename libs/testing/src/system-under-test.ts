import { newApiKey } from '@tenantry/service';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { migrateApp, runApp, startApp, untilReady } from './app-process.js';
import { asAdministrator, databasePrefix, serverUrl } from './database-server.js';
import { writeClustersFile } from './further-clusters.js';
import { freePort } from './free-port.js';
import type { GuardedProcess } from './guarded-process.js';
import { HttpClient } from './http-client.js';
import { databaseUrl, installationEnvironment, type AppName } from './installation.js';
import type { KafkaPlace } from './kafka-messages.js';
import { LogBook } from './log-book.js';
import { dropInstallation } from './system-removal.js';

const APPS: readonly AppName[] = ['control-plane', 'data-plane', 'verifier'];

/** How the control plane and the data plane of a system talk to each other. */
export type SystemTransport = 'embedded' | 'kafka';

export interface SystemOptions {
  readonly transport: SystemTransport;
  /** The brokers for the transport `kafka`; those of KAFKA_BROKERS unless told. */
  readonly kafkaBrokers?: string;
  /** Whether tenants can have databases of their own, for which a template takes a moment to be made. Default: false. */
  readonly tenantDatabases?: boolean;
  /** Clusters beside `default`, by name: each is a database of its own on the same server, and has to be registered. Default: none. */
  readonly clusters?: readonly string[];
  /** Further variables of a process, for each of its starts. */
  readonly env?: Partial<Record<AppName, Readonly<Record<string, string>>>>;
  /** What is started at once; everything unless told. */
  readonly start?: readonly AppName[];
}

/** A process beside those that a system is made of. */
export interface ProcessBeside {
  readonly url: string;
  readonly process: GuardedProcess;
}

/** Control plane, data plane and verifier as processes of their own on fresh databases. */
export interface SystemUnderTest {
  /** Calls the control plane as its first administrator. */
  readonly control: HttpClient;
  /** Calls the data plane with a valid key; a tenant is named by `with({ 'tenantry-tenant': id })`. */
  readonly data: HttpClient;
  readonly apiKey: string;
  readonly dataPlaneApiKey: string;
  /** Where each process answers its probes. */
  readonly baseUrls: Readonly<Record<AppName, string>>;
  /** The variables that say to each process where its databases are, and everything else that all starts have. */
  readonly serveEnvironment: Readonly<Record<AppName, Readonly<Record<string, string>>>>;
  /** Everything that must not be seen anywhere: passwords and keys, by what they are. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Superuser URLs of the databases. The verifier looks at those whose names begin as the data plane's up to `_data`. */
  readonly adminUrls: Readonly<Record<AppName, string>>;
  /** Where its topics are; undefined on the embedded transport. */
  readonly kafka: KafkaPlace | undefined;
  /** Superuser URLs of the data plane's databases on the clusters beside `default`, by their names. */
  readonly clusterUrls: Readonly<Record<string, string>>;
  /** Starts a process that is down and waits until it is ready; `env` counts for this start only. */
  start(app: AppName, env?: Readonly<Record<string, string>>): Promise<void>;
  /** As `start`, without waiting: for a process that is expected to end or to stay unready. */
  launch(app: AppName, env?: Readonly<Record<string, string>>): Promise<GuardedProcess>;
  /**
   * Starts a further process of an app from another entry point, on a port of its own, and waits until it is ready; ended by `stop`.
   * `env` counts for this process only.
   */
  startBeside(app: AppName, entry: string, env?: Readonly<Record<string, string>>): Promise<ProcessBeside>;
  /** Runs an app's `main.migrate` once more, with these options. @throws Error with everything it wrote when it fails. */
  migrate(app: AppName, options?: readonly string[]): Promise<void>;
  /** Runs the data plane's `main.support`, which knows no more than support's login. @returns its exit status and what it printed. */
  support(...args: readonly string[]): Promise<{ readonly status: number; readonly out: string }>;
  /** Ends a process as `kill -9` does. */
  kill(app: AppName): Promise<void>;
  /** Ends a process in an orderly way. @returns its exit status. */
  shutDown(app: AppName): Promise<number>;
  /** Waits until a running process has ended by itself (at a crash point). @returns its exit status. */
  ended(app: AppName): Promise<number>;
  /** What a process has written so far, line by line. */
  logs(app: AppName): readonly string[];
  /** Ends everything and removes databases and logins. */
  stop(): Promise<void>;
}

/**
 * Starts a system: makes its databases on the server of TEST_DATABASE_URL, runs both `main.migrate` and then both
 * `main` as they were built. Its log is printed when the test fails (see jest.config.mjs).
 *
 * @throws Error with the log when a process does not become ready.
 */
export async function startSystem(options: SystemOptions): Promise<SystemUnderTest> {
  const id = randomBytes(6).toString('hex');
  const databases = {
    'control-plane': `${databasePrefix()}${id}_control`,
    'data-plane': `${databasePrefix()}${id}_data`,
    verifier: `${databasePrefix()}${id}_verifier`,
  };
  const loginPrefix = `${databasePrefix()}${id}`;
  const keys = { 'control-plane': newApiKey(), 'data-plane': newApiKey() };
  const password = randomBytes(18).toString('base64url');
  const clusters = (options.clusters ?? []).map((name) => {
    const database = `${databases['data-plane']}_${name.replaceAll('-', '_')}`;
    const loginUrl = (login: string): string =>
      databaseUrl(serverUrl().href, database, `${loginPrefix}_${login}_login`, password);
    const migrateUrl = databaseUrl(serverUrl().href, database);
    return {
      name,
      database,
      urls: { databaseUrl: loginUrl('app'), provisionerUrl: loginUrl('provisioner'), migrateUrl },
    };
  });
  const clustersFile =
    clusters.length === 0
      ? undefined
      : await writeClustersFile(Object.fromEntries(clusters.map(({ name, urls }) => [name, urls])));
  const kafka: KafkaPlace | undefined =
    options.transport === 'kafka' ? { brokers: kafkaBrokers(options), topicPrefix: `t${id}` } : undefined;
  const allDatabases = [...Object.values(databases), ...clusters.map(({ database }) => database)];
  const environment = installationEnvironment({
    serverUrl: serverUrl().href,
    databases,
    scannedDatabases: `${loginPrefix}_*`,
    clustersFile: clustersFile?.file,
    furtherClusters: clusters.map(({ name }) => name),
    loginPrefix,
    password,
    kafka,
    adminKeyHash: keys['control-plane'].hash,
    dataPlaneKeyHash: keys['data-plane'].hash,
    signingKey: 'env:TEST_SIGNING_KEY',
    tenantLoginKey: options.tenantDatabases ? 'env:TEST_TENANT_LOGIN_KEY' : undefined,
  });
  const secrets: Record<AppName, Record<string, string>> = {
    'control-plane': { TEST_SIGNING_KEY: newSigningKey() },
    'data-plane': { TEST_TENANT_LOGIN_KEY: randomBytes(32).toString('hex'), ...clustersFile?.variables },
    verifier: {},
  };
  const ports = {
    'control-plane': await freePort(),
    'data-plane': await freePort(),
    verifier: await freePort(),
  };
  const url = (app: AppName) => `http://127.0.0.1:${ports[app]}`;
  const book = new LogBook();
  const running = new Map<AppName, GuardedProcess>();
  const beside = new Set<GuardedProcess>();

  const of = (app: AppName): GuardedProcess => {
    const process = running.get(app);
    if (!process) throw new Error(`${app} is not running`);
    return process;
  };
  const system: SystemUnderTest = {
    control: new HttpClient(url('control-plane')).withKey(keys['control-plane'].key),
    data: new HttpClient(url('data-plane')).withKey(keys['data-plane'].key),
    apiKey: keys['control-plane'].key,
    dataPlaneApiKey: keys['data-plane'].key,
    baseUrls: {
      'control-plane': url('control-plane'),
      'data-plane': url('data-plane'),
      verifier: url('verifier'),
    },
    serveEnvironment: {
      'control-plane': environment['control-plane'].serve,
      'data-plane': environment['data-plane'].serve,
      verifier: environment.verifier.serve,
    },
    secrets: {
      loginPassword: password,
      apiKey: keys['control-plane'].key,
      dataPlaneApiKey: keys['data-plane'].key,
      signingKey: secrets['control-plane']['TEST_SIGNING_KEY']!,
      tenantLoginKey: secrets['data-plane']['TEST_TENANT_LOGIN_KEY']!,
    },
    adminUrls: {
      'control-plane': databaseUrl(serverUrl().href, databases['control-plane']),
      'data-plane': databaseUrl(serverUrl().href, databases['data-plane']),
      verifier: databaseUrl(serverUrl().href, databases.verifier),
    },
    kafka,
    clusterUrls: Object.fromEntries(clusters.map(({ name, urls }) => [name, urls.migrateUrl])),
    launch: async (app, env) => {
      if (running.has(app)) throw new Error(`${app} is running already`);
      const process = await startApp({
        app,
        env: {
          ...environment[app].serve,
          ...secrets[app],
          PORT: String(ports[app]),
          ...options.env?.[app],
          ...env,
        },
        onLine: (line) => book.add(app, line),
      });
      running.set(app, process);
      void process.ended.then(() => running.delete(app));
      return process;
    },
    start: async (app, env) => {
      await untilReady(url(app), await system.launch(app, env));
    },
    startBeside: async (app, entry, env) => {
      const port = await freePort();
      const process = await startApp({
        app,
        entry,
        env: {
          ...environment[app].serve,
          ...secrets[app],
          PORT: String(port),
          ...options.env?.[app],
          ...env,
        },
        onLine: (line) => book.add(`${app} ${entry}`, line),
      });
      beside.add(process);
      void process.ended.then(() => beside.delete(process));
      await untilReady(`http://127.0.0.1:${port}`, process);
      return { url: `http://127.0.0.1:${port}`, process };
    },
    migrate: (app, migrateOptions) =>
      migrateApp(app, { ...environment[app].migrate, ...secrets[app] }, migrateOptions),
    support: (...args) => {
      const { SUPPORT_DATABASE_URL = '', PARTICIPANT_NAME = '' } = environment['data-plane'].migrate;
      return runApp('data-plane', 'main.support', args, { SUPPORT_DATABASE_URL, PARTICIPANT_NAME });
    },
    kill: async (app) => {
      const process = of(app);
      process.signal('SIGKILL');
      await process.ended;
    },
    shutDown: async (app) => (await of(app).stop()).status,
    ended: async (app) => (await of(app).ended).status,
    logs: (app) => book.lines(app),
    stop: async () => {
      await Promise.all([...running.values(), ...beside].map((process) => process.stop()));
      await dropInstallation(allDatabases, loginPrefix);
      await clustersFile?.remove();
      book.close();
    },
  };
  try {
    await asAdministrator(async (client) => {
      for (const name of allDatabases) await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    });
    await Promise.all(APPS.map((app) => migrateApp(app, { ...environment[app].migrate, ...secrets[app] })));
    await Promise.all((options.start ?? APPS).map((app) => system.start(app)));
  } catch (error) {
    const log = book.print();
    await system.stop();
    throw new Error(`the system did not start\n${log}`, { cause: error });
  }
  return system;
}

/** An Ed25519 private key, PKCS#8 PEM. */
function newSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function kafkaBrokers({ kafkaBrokers }: SystemOptions): string {
  const brokers = kafkaBrokers ?? process.env['KAFKA_BROKERS'];
  if (!brokers) throw new Error('KAFKA_BROKERS is not set: `npm test` starts a broker where it can');
  return brokers;
}
