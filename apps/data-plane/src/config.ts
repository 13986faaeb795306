import type { ContextSigner, ContextSigning } from '@tenantry/data-plane-kit';
import type { DataPlaneTransport } from '@tenantry/data-plane-kit/nest';
import {
  LOG_LEVELS,
  env,
  parseMetricsPort,
  readConfig,
  type ConfigOf,
  type Environment,
} from '@tenantry/service';
import { MIGRATE_SIGNING, SERVE_SIGNING, signerOf, signingOf } from './signing.config.js';
import { TRANSPORT, transportOf } from './transport.config.js';

const HASH = /^[0-9a-f]{64}$/;

const SERVE = {
  ...TRANSPORT,
  ...SERVE_SIGNING,
  databaseUrl: env.postgresUrl('DATABASE_URL'),
  provisionerUrl: env.postgresUrl('PROVISIONER_DATABASE_URL'),
  host: env.text('HOST', '127.0.0.1'),
  port: env.port('PORT', 3001),
  /** A port, or `off`. */
  metricsPort: env.parsed<number | 'off'>('METRICS_PORT', 9465, parseMetricsPort),
  participant: env.text('PARTICIPANT_NAME', 'reference', /^[a-z][a-z0-9-]{0,39}$/),
  /** SHA-256, hex, of every API key that may call; none means that nobody may. */
  apiKeyHashes: env.list('DATA_PLANE_API_KEY_HASHES', [], HASH),
  /** From which age of the routes on `/healthz` says `degraded`; nothing else changes then. */
  routeStalenessAlertMs: env.durationMs('ROUTE_STALENESS_ALERT', 300_000),
  logLevel: env.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
  crashAt: env.optional(env.text('TENANTRY_CRASH_AT')),
};

const MIGRATE = {
  ...MIGRATE_SIGNING,
  migrateUrl: env.postgresUrl('MIGRATE_DATABASE_URL'),
  databaseUrl: SERVE.databaseUrl,
  provisionerUrl: SERVE.provisionerUrl,
  participant: SERVE.participant,
  logLevel: SERVE.logLevel,
};

const SWEEP = {
  ...TRANSPORT,
  provisionerUrl: SERVE.provisionerUrl,
  participant: SERVE.participant,
  logLevel: SERVE.logLevel,
};

export type ServeConfig = ConfigOf<typeof SERVE> & {
  readonly transport: DataPlaneTransport;
  readonly signer: ContextSigner | undefined;
};
export type MigrateConfig = ConfigOf<typeof MIGRATE> & { readonly signing: ContextSigning | undefined };
export type SweepConfig = ConfigOf<typeof SWEEP> & { readonly transport: DataPlaneTransport };

/** What `main` needs. @throws ConfigError. */
export function readServeConfig(from: Environment = process.env): ServeConfig {
  const config = readConfig(SERVE, from);
  return Object.freeze({ ...config, transport: transportOf(config), signer: signerOf(config, from) });
}

/** What `main.migrate` needs. @throws ConfigError. */
export function readMigrateConfig(from: Environment = process.env): MigrateConfig {
  const config = readConfig(MIGRATE, from);
  return Object.freeze({ ...config, signing: signingOf(config, from) });
}

/** What `main.sweep` needs. @throws ConfigError. */
export function readSweepConfig(from: Environment = process.env): SweepConfig {
  const config = readConfig(SWEEP, from);
  return Object.freeze({ ...config, transport: transportOf(config) });
}
