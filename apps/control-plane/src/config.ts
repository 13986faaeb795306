import {
  KAFKA_VARIABLES,
  LOG_LEVELS,
  MIGRATE_VARIABLES,
  SHUTDOWN_VARIABLES,
  env,
  kafkaSettings,
  parseMetricsPort,
  readConfig,
  type ConfigOf,
  type Environment,
  type KafkaSettings,
} from '@tenantry/service';
import { parseParticipants } from './participants/participant-entry.js';
import { SIGNING_KEY_REFERENCE, readSigningKey } from './signing/key-reference.js';
import type { SigningKey } from './signing/signing-key.js';

const NAME = /^[a-z][a-z0-9-]{0,62}$/;

const SCHEMA = {
  /** The service's own login: no superuser, owner of nothing. */
  databaseUrl: env.postgresUrl('DATABASE_URL'),
  databasePoolSize: env.integer('DATABASE_POOL_SIZE', { min: 2, max: 100, default: 10 }),
  host: env.text('HOST', '127.0.0.1'),
  port: env.port('PORT', 3000),
  /** A port, or `off`. */
  metricsPort: env.parsed<number | 'off'>('METRICS_PORT', 9464, parseMetricsPort),
  ...KAFKA_VARIABLES,
  minGracePeriodMs: env.durationMs('MIN_GRACE_PERIOD', 86_400_000),
  defaultGracePeriodMs: env.durationMs('DEFAULT_GRACE_PERIOD', 30 * 86_400_000),
  /**
   * When an unacknowledged request is published again: base × 2ⁿ, up to the maximum. A service that was away finds the first request
   * on its topic, so asking often only grows what it has to read.
   */
  requestBackoffBaseMs: env.integer('REQUEST_BACKOFF_BASE_MS', { min: 10, max: 3_600_000, default: 5000 }),
  requestBackoffMaxMs: env.integer('REQUEST_BACKOFF_MAX_MS', { min: 10, max: 86_400_000, default: 600_000 }),
  /** How many clients one process streams explanations to. */
  maxWatchers: env.integer('MAX_WATCHERS', { min: 1, max: 10_000, default: 100 }),
  /** How many tenants of one participant's backlog may be unanswered at a time. */
  backfillConcurrency: env.integer('BACKFILL_CONCURRENCY', { min: 1, max: 1000, default: 20 }),
  /** Whether commits wake relays of other processes by NOTIFY; their poll is the truth, up to a second late. */
  outboxNotify: env.oneOf('OUTBOX_NOTIFY', ['on', 'off'], 'on'),
  /** How old the oldest unsent message may be before `/healthz` calls the outbox degraded. */
  outboxAlertAfterMs: env.durationMs('OUTBOX_ALERT_AFTER', 60_000),
  sweepIntervalMs: env.integer('SWEEP_INTERVAL_MS', { min: 100, max: 3_600_000, default: 60_000 }),
  /** Where the private key of checkpoints and certificates is, `file:/path` or `env:NAME`; a worker needs it. */
  signingKey: env.optional(env.text('SIGNING_KEY', undefined, SIGNING_KEY_REFERENCE)),
  checkpointIntervalMs: env.durationMs('AUDIT_CHECKPOINT_INTERVAL', 60_000),
  /** Where signed checkpoints are appended, outside of the database; one file for each worker process. */
  checkpointFile: env.optional(env.text('AUDIT_CHECKPOINT_FILE')),
  /** What deletion certificates say about copies that no purge reaches; unset: that it is not stated. */
  backupRetentionMs: env.optional(env.durationMs('BACKUP_RETENTION')),
  /** For how long the history keeps events, whole months at a time; unset: for ever. */
  eventRetentionMs: env.optional(env.durationMs('EVENT_RETENTION')),
  ...SHUTDOWN_VARIABLES,
  logLevel: env.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
  crashAt: env.optional(env.text('TENANTRY_CRASH_AT')),
};

export type Config = ConfigOf<typeof SCHEMA> & {
  /** Undefined: the embedded transport over the same database. */
  readonly kafka: KafkaSettings | undefined;
};

/** The control plane's configuration. @throws ConfigError naming every variable that is missing or wrong. */
export function loadConfig(environment: Environment = process.env): Config {
  const config = readConfig(SCHEMA, environment);
  return Object.freeze({ ...config, kafka: kafkaSettings(config) });
}

/** The key that a worker signs with. @throws ConfigError naming SIGNING_KEY, and how to make one. */
export function loadSigningKey(
  { signingKey }: Pick<Config, 'signingKey'>,
  environment: Environment = process.env,
): Promise<SigningKey> {
  return readSigningKey(signingKey, environment);
}

/** How the key is read that this process is configured with; undefined where it is with none. */
export function signingKeyReader(
  config: Pick<Config, 'signingKey'>,
  environment: Environment = process.env,
): (() => Promise<SigningKey>) | undefined {
  return config.signingKey === undefined ? undefined : () => loadSigningKey(config, environment);
}

const MIGRATION_SCHEMA = {
  /** An administrator's URL: may create roles, and objects in the database. */
  adminUrl: env.postgresUrl('MIGRATE_DATABASE_URL'),
  /** Whose login and password the service will use. */
  serviceUrl: env.postgresUrl('DATABASE_URL'),
  defaultRegion: env.text('DEFAULT_REGION', 'default', NAME),
  /** `name[?][=capability+capability][@store+store]`, so that a forgotten service cannot silently be left out. */
  participants: env.parsed('PARTICIPANTS', parseParticipants('reference'), parseParticipants),
  bootstrapKeyHash: env.optional(env.text('BOOTSTRAP_ADMIN_KEY_HASH', undefined, /^[0-9a-f]{64}$/)),
  /** `name=postgres://login:password@…` for each participant of the embedded transport. */
  participantUrls: env.optional(
    env.list('PARTICIPANT_TRANSPORT_URLS', undefined, /^[a-z][a-z0-9-]{0,39}=postgres(ql)?:\/\/.+$/),
  ),
  /** Where to look what was published before the database was restored, when the epoch is raised. */
  ...KAFKA_VARIABLES,
  ...MIGRATE_VARIABLES,
  logLevel: SCHEMA.logLevel,
};

export type MigrationConfig = ConfigOf<typeof MIGRATION_SCHEMA> & Pick<Config, 'kafka'>;

/** What `main.migrate` needs. @throws ConfigError. */
export function loadMigrationConfig(environment: Environment = process.env): MigrationConfig {
  const config = readConfig(MIGRATION_SCHEMA, environment);
  return Object.freeze({ ...config, kafka: kafkaSettings(config) });
}
