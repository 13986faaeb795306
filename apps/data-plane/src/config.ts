import type {
  ContextSigner,
  ContextSigning,
  PoolLimits,
  Secret,
  TenantLoginKeys,
} from '@tenantry/data-plane-kit';
import type { DataPlaneTransport } from '@tenantry/data-plane-kit/nest';
import {
  LOG_LEVELS,
  MIGRATE_VARIABLES,
  SHUTDOWN_VARIABLES,
  env,
  parseMetricsPort,
  readConfig,
  type ConfigOf,
  type Environment,
} from '@tenantry/service';
import {
  CLUSTERS,
  CONNECTIONS,
  furtherClusters,
  type FurtherCluster,
  TENANT_LOGINS,
  tenantLoginKeysOf,
  urlOrFile,
  urlSecret,
} from './clusters.config.js';
import { MIGRATE_SIGNING, SERVE_SIGNING, signerOf, signingOf } from './signing.config.js';
import { TRANSPORT, transportOf } from './transport.config.js';

const HASH = /^[0-9a-f]{64}$/;

const SERVE = {
  ...TRANSPORT,
  ...SERVE_SIGNING,
  ...CLUSTERS,
  ...TENANT_LOGINS,
  ...CONNECTIONS,
  databaseUrl: urlOrFile('DATABASE_URL'),
  provisionerUrl: urlOrFile('PROVISIONER_DATABASE_URL'),
  host: env.text('HOST', '127.0.0.1'),
  port: env.port('PORT', 3001),
  /** A port, or `off`. */
  metricsPort: env.parsed<number | 'off'>('METRICS_PORT', 9465, parseMetricsPort),
  participant: env.text('PARTICIPANT_NAME', 'reference', /^[a-z][a-z0-9-]{0,39}$/),
  /** SHA-256, hex, of every API key that may call; none means that nobody may. */
  apiKeyHashes: env.list('DATA_PLANE_API_KEY_HASHES', [], HASH),
  /** From which age of the routes on `/healthz` says `degraded`; nothing else changes then. */
  routeStalenessAlertMs: env.durationMs('ROUTE_STALENESS_ALERT', 300_000),
  /** How often to audit whether the databases keep tenants apart; PT0S: never. */
  isolationAuditIntervalMs: env.durationMs('ISOLATION_AUDIT_INTERVAL', 3_600_000),
  /** The file that says what this audit may find without telling, and why. */
  isolationAuditConfig: env.optional(env.text('ISOLATION_AUDIT_CONFIG')),
  ...SHUTDOWN_VARIABLES,
  logLevel: env.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
  crashAt: env.optional(env.text('TENANTRY_CRASH_AT')),
};

const MIGRATE = {
  ...MIGRATE_VARIABLES,
  ...MIGRATE_SIGNING,
  ...CLUSTERS,
  ...TENANT_LOGINS,
  migrateUrl: env.postgresUrl('MIGRATE_DATABASE_URL'),
  /** Of the login of support and finance; unset: there is none. */
  support: env.optional(urlOrFile('SUPPORT_DATABASE_URL')),
  databaseUrl: SERVE.databaseUrl,
  provisionerUrl: SERVE.provisionerUrl,
  isolationAuditConfig: SERVE.isolationAuditConfig,
  participant: SERVE.participant,
  logLevel: SERVE.logLevel,
};

const SUPPORT = {
  ...CLUSTERS,
  support: urlOrFile('SUPPORT_DATABASE_URL'),
  participant: SERVE.participant,
  logLevel: SERVE.logLevel,
};

const SWEEP = {
  ...TRANSPORT,
  ...CLUSTERS,
  provisionerUrl: SERVE.provisionerUrl,
  participant: SERVE.participant,
  logLevel: SERVE.logLevel,
};

/** Where tenants may live, without the credentials by which that is reached. */
interface PlacesConfig {
  readonly provisionerUrl: Secret;
  readonly clusters: Readonly<Record<string, FurtherCluster>>;
}

interface DatabasesConfig extends PlacesConfig {
  readonly databaseUrl: Secret;
  readonly tenantLoginKeys: TenantLoginKeys | undefined;
}

export type ServeConfig = Omit<ConfigOf<typeof SERVE>, keyof DatabasesConfig> &
  DatabasesConfig & {
    readonly transport: DataPlaneTransport;
    readonly signer: ContextSigner | undefined;
    readonly connectionLimits: PoolLimits;
  };
export type MigrateConfig = Omit<ConfigOf<typeof MIGRATE>, keyof DatabasesConfig> &
  DatabasesConfig & { readonly signing: ContextSigning | undefined; readonly supportUrl: Secret | undefined };
export type SupportConfig = ConfigOf<typeof SUPPORT> &
  Pick<PlacesConfig, 'clusters'> & { readonly supportUrl: Secret };
export type SweepConfig = Omit<ConfigOf<typeof SWEEP>, keyof PlacesConfig> &
  PlacesConfig & { readonly transport: DataPlaneTransport };

/** What `main` needs. @throws ConfigError. */
export function readServeConfig(from: Environment = process.env): ServeConfig {
  const config = readConfig(SERVE, from);
  return Object.freeze({
    ...config,
    ...databasesOf(config, from),
    transport: transportOf(config),
    signer: signerOf(config, from),
    connectionLimits: {
      total: config.connectionsTotal,
      shared: config.connectionsPerCluster,
      dedicated: config.connectionsDedicated,
      perTenant: config.connectionsPerTenant,
      waitMs: config.connectionWaitMs,
    },
  });
}

/** What `main.migrate` needs. @throws ConfigError. */
export function readMigrateConfig(from: Environment = process.env): MigrateConfig {
  const config = readConfig(MIGRATE, from);
  const { support } = config;
  return Object.freeze({
    ...config,
    ...databasesOf(config, from),
    signing: signingOf(config, from),
    supportUrl: support === undefined ? undefined : urlSecret('SUPPORT_DATABASE_URL', support),
  });
}

/** What `main.support` needs. @throws ConfigError. */
export function readSupportConfig(from: Environment = process.env): SupportConfig {
  const config = readConfig(SUPPORT, from);
  return Object.freeze({
    ...config,
    clusters: furtherClusters(config, from),
    supportUrl: urlSecret('SUPPORT_DATABASE_URL', config.support),
  });
}

/** What `main.sweep` needs. @throws ConfigError. */
export function readSweepConfig(from: Environment = process.env): SweepConfig {
  const config = readConfig(SWEEP, from);
  return Object.freeze({ ...config, ...placesOf(config, from), transport: transportOf(config) });
}

function databasesOf(
  config: Pick<
    ConfigOf<typeof MIGRATE>,
    'databaseUrl' | 'provisionerUrl' | keyof typeof CLUSTERS | keyof typeof TENANT_LOGINS
  >,
  from: Environment,
): DatabasesConfig {
  return {
    ...placesOf(config, from),
    databaseUrl: urlSecret('DATABASE_URL', config.databaseUrl),
    tenantLoginKeys: tenantLoginKeysOf(config, from),
  };
}

function placesOf(
  config: Pick<ConfigOf<typeof SWEEP>, 'provisionerUrl' | keyof typeof CLUSTERS>,
  from: Environment,
): PlacesConfig {
  return {
    provisionerUrl: urlSecret('PROVISIONER_DATABASE_URL', config.provisionerUrl),
    clusters: furtherClusters(config, from),
  };
}
