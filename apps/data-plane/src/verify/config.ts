import { loginOf, type ScanLoginOptions, type ScanTarget } from '@tenantry/data-plane-kit';
import type { DataPlaneTransport } from '@tenantry/data-plane-kit/nest';
import {
  ConfigError,
  LOG_LEVELS,
  MIGRATE_VARIABLES,
  SHUTDOWN_VARIABLES,
  env,
  parseMetricsPort,
  readConfig,
  type ConfigOf,
  type Environment,
} from '@tenantry/service';
import { TRANSPORT, transportOf } from '../transport.config.js';

/** `cluster=postgres://…`, with the cluster's name as placements have it. */
const CLUSTER_URL = /^[a-z][a-z0-9-]{0,62}=postgres(ql)?:\/\/[^\0]+$/;
/** A database's name in which `*` stands for any text; with `!` in front it is left out. */
const DATABASE_PATTERN = /^!?[^!\0][^\0]*$/;

const SCAN = {
  /** The verifier's own database, with the login that keeps its inbox, positions and answers. */
  databaseUrl: env.postgresUrl('VERIFIER_DATABASE_URL'),
  /** Every server that tenants' data may be on, with the login that scans it; over a direct connection. */
  scanUrls: env.list('SCAN_DATABASE_URLS', undefined, CLUSTER_URL),
  /** Which databases of them; all that let anybody in unless told. */
  databases: env.list('SCAN_DATABASES', [], DATABASE_PATTERN),
  logLevel: env.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
};

const VERIFY = {
  ...SCAN,
  ...TRANSPORT,
  host: env.text('HOST', '127.0.0.1'),
  port: env.port('PORT', 3002),
  /** A port, or `off`. */
  metricsPort: env.parsed<number | 'off'>('METRICS_PORT', 9466, parseMetricsPort),
  participant: env.text('PARTICIPANT_NAME', 'verifier', /^[a-z][a-z0-9-]{0,39}$/),
  tenantColumns: env.list('SCAN_TENANT_COLUMNS', ['tenant_id']),
  statementTimeoutMs: env.integer('SCAN_STATEMENT_TIMEOUT_MS', {
    min: 100,
    max: 86_400_000,
    default: 600_000,
  }),
  ...SHUTDOWN_VARIABLES,
  crashAt: env.optional(env.text('TENANTRY_CRASH_AT')),
};

const MIGRATE = {
  ...SCAN,
  ...MIGRATE_VARIABLES,
  /** An administrator's of the verifier's own database. */
  migrateUrl: env.postgresUrl('MIGRATE_DATABASE_URL'),
  /** A superuser's of each server whose scanning login is to be made; the others are left as they are. */
  scanAdminUrls: env.list('SCAN_ADMIN_URLS', [], CLUSTER_URL),
};

export type VerifyConfig = ConfigOf<typeof VERIFY> & {
  readonly transport: DataPlaneTransport;
  readonly targets: readonly ScanTarget[];
};
export type VerifyMigrateConfig = ConfigOf<typeof MIGRATE> & { readonly scans: readonly ScanLoginOptions[] };

/** What `main.verify` needs. @throws ConfigError. */
export function readVerifyConfig(from: Environment = process.env): VerifyConfig {
  const config = readConfig(VERIFY, from);
  return Object.freeze({
    ...config,
    transport: transportOf(config),
    targets: clusterUrls('SCAN_DATABASE_URLS', config.scanUrls),
  });
}

/** What `main.verify-migrate` needs. @throws ConfigError. */
export function readVerifyMigrateConfig(from: Environment = process.env): VerifyMigrateConfig {
  const config = readConfig(MIGRATE, from);
  const targets = clusterUrls('SCAN_DATABASE_URLS', config.scanUrls);
  const scans = clusterUrls('SCAN_ADMIN_URLS', config.scanAdminUrls).map(({ cluster, url: adminUrl }) => {
    const target = targets.find((one) => one.cluster === cluster);
    if (!target) throw new ConfigError(['SCAN_ADMIN_URLS names a cluster that SCAN_DATABASE_URLS does not']);
    return { adminUrl, login: loginOf(target.url), databases: config.databases };
  });
  return Object.freeze({ ...config, scans });
}

function clusterUrls(variable: string, items: readonly string[]): ScanTarget[] {
  const targets = items.map((item) => {
    const [cluster = ''] = item.split('=', 1);
    return { cluster, url: item.slice(cluster.length + 1) };
  });
  if (targets.some(({ url }) => !URL.canParse(url) || new URL(url).username === ''))
    throw new ConfigError([`${variable} must hold URLs that name a login`]);
  if (new Set(targets.map(({ cluster }) => cluster)).size < targets.length)
    throw new ConfigError([`${variable} must name each cluster once`]);
  return targets;
}
