import path from 'node:path';

/** The processes that make up an installation; each has a database of its own. The verifier is part of the data plane's app. */
export type AppName = 'control-plane' | 'data-plane' | 'verifier';

/** The one data-plane service of an installation for development and tests. */
export const PARTICIPANT = 'reference';

/** The participant that verifies purges. */
export const VERIFIER = 'verifier';

/** The cluster that a control plane begins with. */
const CLUSTER = 'default';

const ROOT = path.resolve(import.meta.dirname, '..', '..', '..');

/** What the verifier's entry points are called beside the reference service's. */
const VERIFIER_ENTRIES: Readonly<Record<string, string>> = {
  main: 'main.verify',
  'main.migrate': 'main.verify-migrate',
};

export interface InstallationOptions {
  /** An administrator's URL of the server that all databases are on. */
  readonly serverUrl: string;
  readonly databases: Readonly<Record<AppName, string>>;
  /** Which databases of the server the verifier looks at besides leaving out the control plane's, as SCAN_DATABASES has it. */
  readonly scannedDatabases: string;
  /** Logins belong to the whole server, so they need a prefix of their own where installations share one. */
  readonly loginPrefix: string;
  /** The one password of all logins of the installation; letters, digits, `-` and `_` only. */
  readonly password: string;
  /** Absent: the embedded transport. */
  readonly kafka?: {
    readonly brokers: string;
    readonly topicPrefix: string;
    /** Further variables that begin with `KAFKA_`, for every process. */
    readonly variables?: Readonly<Record<string, string>>;
  };
  /** SHA-256, hex, of the key that becomes the first administrator's when there is none yet. */
  readonly adminKeyHash: string;
  readonly dataPlaneKeyHash: string;
  /** What the control plane signs with, as SIGNING_KEY has it: `file:/path` or `env:NAME`. */
  readonly signingKey: string;
  /** What the logins of tenants with databases of their own are derived from, as TENANT_LOGIN_KEY has it; absent: no such tenants. */
  readonly tenantLoginKey?: string | undefined;
  /** A file with the clusters beside the data plane's own, as CLUSTERS_FILE has it. */
  readonly clustersFile?: string | undefined;
  /** The names of those clusters, if they are on the same server: the verifier looks there on their behalf, too. */
  readonly furtherClusters?: readonly string[];
}

/** An app's environment for its entry `main.migrate` and for serving, without host and port. */
export interface AppEnvironment {
  readonly migrate: Readonly<Record<string, string>>;
  readonly serve: Readonly<Record<string, string>>;
}

/** How the processes of one installation are configured so that they find each other. */
export function installationEnvironment(
  options: InstallationOptions,
): Readonly<Record<AppName, AppEnvironment>> {
  const { databases, loginPrefix, kafka } = options;
  const adminUrl = (app: AppName) => databaseUrl(options.serverUrl, databases[app]);
  const loginUrl = (app: AppName, name: string) =>
    databaseUrl(options.serverUrl, databases[app], `${loginPrefix}_${name}_login`, options.password);
  const transportUrls = {
    [PARTICIPANT]: loginUrl('control-plane', 'transport'),
    [VERIFIER]: loginUrl('control-plane', 'verifier_transport'),
  };
  const transport = (participant: keyof typeof transportUrls): Readonly<Record<string, string>> =>
    kafkaVariables ?? { EMBEDDED_TRANSPORT_URL: transportUrls[participant] };
  const kafkaVariables = kafka && {
    ...kafka.variables,
    KAFKA_BROKERS: kafka.brokers,
    KAFKA_TOPIC_PREFIX: kafka.topicPrefix,
  };

  const control = {
    DATABASE_URL: loginUrl('control-plane', 'control'),
    PARTICIPANTS: `${PARTICIPANT},${VERIFIER}=verify`,
  };
  const data = {
    DATABASE_URL: loginUrl('data-plane', 'app'),
    PROVISIONER_DATABASE_URL: loginUrl('data-plane', 'provisioner'),
    PARTICIPANT_NAME: PARTICIPANT,
    ...(options.tenantLoginKey !== undefined && { TENANT_LOGIN_KEY: options.tenantLoginKey }),
    ...(options.clustersFile !== undefined && { CLUSTERS_FILE: options.clustersFile }),
  };
  const onEachCluster = (url: string): string =>
    [CLUSTER, ...(options.furtherClusters ?? [])].map((name) => `${name}=${url}`).join();
  const verifier = {
    VERIFIER_DATABASE_URL: loginUrl('verifier', 'verifier'),
    // Any database of the cluster will do; the others are looked for on the server.
    SCAN_DATABASE_URLS: onEachCluster(loginUrl('verifier', 'scan')),
    SCAN_DATABASES: `${options.scannedDatabases},!${databases['control-plane']}`,
  };
  return {
    'control-plane': {
      migrate: {
        ...control,
        MIGRATE_DATABASE_URL: adminUrl('control-plane'),
        BOOTSTRAP_ADMIN_KEY_HASH: options.adminKeyHash,
        PARTICIPANT_TRANSPORT_URLS: Object.entries(transportUrls)
          .map(([participant, url]) => `${participant}=${url}`)
          .join(),
        ...kafkaVariables,
      },
      serve: {
        ...control,
        MIN_GRACE_PERIOD: 'PT0S',
        SIGNING_KEY: options.signingKey,
        // Nobody wants to wait a minute for what happened in a second.
        AUDIT_CHECKPOINT_INTERVAL: 'PT1S',
        ...kafkaVariables,
      },
    },
    'data-plane': {
      migrate: {
        ...data,
        MIGRATE_DATABASE_URL: adminUrl('data-plane'),
        SUPPORT_DATABASE_URL: loginUrl('data-plane', 'support'),
      },
      serve: {
        ...data,
        DATA_PLANE_API_KEY_HASHES: options.dataPlaneKeyHash,
        ...transport(PARTICIPANT),
      },
    },
    verifier: {
      migrate: {
        ...verifier,
        MIGRATE_DATABASE_URL: adminUrl('verifier'),
        SCAN_ADMIN_URLS: onEachCluster(adminUrl('verifier')),
      },
      serve: { ...verifier, PARTICIPANT_NAME: VERIFIER, ...transport(VERIFIER) },
    },
  };
}

/** The built file of a process's entry point, such as `main` or `main.migrate`, below the root of a checkout; ours unless told. */
export function entryFile(app: AppName, entry: string, root = ROOT): string {
  const [folder, file] = app === 'verifier' ? ['data-plane', VERIFIER_ENTRIES[entry] ?? entry] : [app, entry];
  return path.join(root, 'apps', folder, 'dist', `${file}.js`);
}

/** The URL of a database on the same server, for the same login unless told otherwise. */
export function databaseUrl(serverUrl: string, database: string, user?: string, password?: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  if (user !== undefined) url.username = encodeURIComponent(user);
  if (password !== undefined) url.password = encodeURIComponent(password);
  return url.href;
}
