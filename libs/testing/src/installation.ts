import path from 'node:path';

/** The processes that make up an installation, by the names of their apps. */
export type AppName = 'control-plane' | 'data-plane';

/** The one data-plane service of an installation for development and tests. */
export const PARTICIPANT = 'reference';

export interface InstallationOptions {
  /** An administrator's URL of the server that both databases are on. */
  readonly serverUrl: string;
  readonly databases: Readonly<Record<AppName, string>>;
  /** Logins belong to the whole server, so they need a prefix of their own where installations share one. */
  readonly loginPrefix: string;
  /** The one password of all logins of the installation; letters, digits, `-` and `_` only. */
  readonly password: string;
  /** Absent: the embedded transport. */
  readonly kafka?: { readonly brokers: string; readonly topicPrefix: string };
  /** SHA-256, hex, of the key that becomes the first administrator's when there is none yet. */
  readonly adminKeyHash: string;
  readonly dataPlaneKeyHash: string;
  /** What the control plane signs with, as SIGNING_KEY has it: `file:/path` or `env:NAME`. */
  readonly signingKey: string;
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
  const transportUrl = loginUrl('control-plane', 'transport');
  const kafkaVariables = kafka && { KAFKA_BROKERS: kafka.brokers, KAFKA_TOPIC_PREFIX: kafka.topicPrefix };

  const control = { DATABASE_URL: loginUrl('control-plane', 'control'), PARTICIPANTS: PARTICIPANT };
  const data = {
    DATABASE_URL: loginUrl('data-plane', 'app'),
    PROVISIONER_DATABASE_URL: loginUrl('data-plane', 'provisioner'),
    PARTICIPANT_NAME: PARTICIPANT,
  };
  return {
    'control-plane': {
      migrate: {
        ...control,
        MIGRATE_DATABASE_URL: adminUrl('control-plane'),
        BOOTSTRAP_ADMIN_KEY_HASH: options.adminKeyHash,
        PARTICIPANT_TRANSPORT_URLS: `${PARTICIPANT}=${transportUrl}`,
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
      migrate: { ...data, MIGRATE_DATABASE_URL: adminUrl('data-plane') },
      serve: {
        ...data,
        DATA_PLANE_API_KEY_HASHES: options.dataPlaneKeyHash,
        ...(kafkaVariables ?? { EMBEDDED_TRANSPORT_URL: transportUrl }),
      },
    },
  };
}

/** The built file of an app's entry point, such as `main` or `main.migrate`. */
export function entryFile(app: AppName, entry: string): string {
  return path.resolve(import.meta.dirname, '..', '..', '..', 'apps', app, 'dist', `${entry}.js`);
}

/** The URL of a database on the same server, for the same login unless told otherwise. */
export function databaseUrl(serverUrl: string, database: string, user?: string, password?: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  if (user !== undefined) url.username = encodeURIComponent(user);
  if (password !== undefined) url.password = encodeURIComponent(password);
  return url.href;
}
