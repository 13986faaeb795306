import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { inspectKafka, type Logger } from '@tenantry/messaging';
import { Pool } from 'pg';
import type { Config } from '../config.js';
import { CONNECTION_LIMITS } from '../database/connection-limits.js';
import {
  clockFinding,
  epochFinding,
  identityFinding,
  migrationsFinding,
  privilegesFinding,
  roleFinding,
  versionFinding,
} from './database-findings.js';
import { attempt, findingsOf, type Finding } from './finding.js';
import { kafkaFindings, unreachable } from './kafka-findings.js';
import {
  adminKeyFindings,
  checkpointFinding,
  publishedKeysFinding,
  signingKeyFinding,
} from './key-findings.js';
import type { SigningKey } from '../signing/signing-key.js';
import { participantFindings } from './participant-findings.js';
import { judgePooler, poolerMode, refusedSetting } from './pooler-finding.js';

const QUERY_TIMEOUT_MS = 10_000;

/** What a control plane is configured with, as far as it is looked at. */
export type ExaminedConfig = Pick<Config, 'databaseUrl' | 'kafka' | 'outboxNotify' | 'checkpointIntervalMs'>;

export interface Examination {
  readonly config: ExaminedConfig;
  /** Reads what is signed with; undefined where no key is configured. */
  readonly readKey?: (() => Promise<SigningKey>) | undefined;
  readonly logger: Logger;
}

/**
 * Looks at everything that a control plane with this configuration needs, from where this process is. Changes nothing. What cannot be
 * told is a finding, too; it never rejects.
 */
export async function examine({ config, readKey, logger }: Examination): Promise<readonly Finding[]> {
  const pool = new Pool({
    // No settings that a pooler might refuse: whether it does is a finding of its own.
    connectionTimeoutMillis: CONNECTION_LIMITS.connectionTimeoutMillis,
    query_timeout: QUERY_TIMEOUT_MS,
    connectionString: config.databaseUrl,
    application_name: 'tenantry-doctor',
    max: 3,
  });
  pool.on('error', () => undefined);
  const sql = pgExecutor(pool);
  try {
    const reach = await reachFinding(sql);
    if (reach.status === 'fail') return [reach, ...(await transport(config, logger, undefined))];
    const looks = [
      attempt('database', 'version', () => versionFinding(sql)),
      attempt('database', 'role', () => roleFinding(sql)),
      attempt('database', 'privileges', () => privilegesFinding(sql)),
      attempt('database', 'migrations', () => migrationsFinding(sql)),
      attempt('database', 'identity', () => identityFinding(sql, config.kafka !== undefined)),
      attempt('database', 'epoch', () => epochFinding(sql)),
      attempt('database', 'pooler', () => poolerFinding(config)),
      attempt('database', 'clock', () => clockFinding(sql)),
      transport(config, logger, sql),
      attempt('keys', 'admin', () => adminKeyFindings(sql)),
      attempt('keys', 'signing', () => signingKeyFinding(sql, readKey)),
      attempt('keys', 'jwks', () => publishedKeysFinding(sql)),
      attempt('keys', 'checkpoints', () => checkpointFinding(sql, config.checkpointIntervalMs)),
      attempt('participants', 'any', () => participantFindings(sql)),
    ];
    return [reach, ...(await Promise.all(looks)).flat()];
  } finally {
    await pool.end();
  }
}

async function poolerFinding({ databaseUrl, outboxNotify }: ExaminedConfig): Promise<Finding> {
  return judgePooler(await poolerMode(databaseUrl), outboxNotify, await refusedSetting(databaseUrl));
}

async function reachFinding(sql: SqlExecutor): Promise<Finding> {
  const { ok, fail } = findingsOf('database');
  try {
    const [row] = await sql.query<{ name: string }>('SELECT current_database()::text AS name');
    return ok('reach', row!.name);
  } catch (error) {
    return fail(
      'reach',
      `it cannot be reached: ${messageOf(error)}`,
      'check DATABASE_URL, the network between, and pg_hba.conf; main.migrate makes the login and sets its password',
    );
  }
}

/** @param sql undefined where the participants are not known, since the database is away. */
async function transport(
  { kafka }: ExaminedConfig,
  logger: Logger,
  sql: SqlExecutor | undefined,
): Promise<readonly Finding[]> {
  if (!kafka)
    return [findingsOf('kafka').untold('reach', 'KAFKA_BROKERS is not set: the embedded transport is used')];
  return attempt('kafka', 'reach', async () => {
    const names = sql ? await participantNames(sql) : [];
    const connection = { ...kafka, clientId: 'tenantry-doctor', logger };
    const inspection = await inspectKafka(connection, names).catch((error: unknown) => messageOf(error));
    return typeof inspection === 'string' ? unreachable(inspection) : kafkaFindings(inspection);
  });
}

async function participantNames(sql: SqlExecutor): Promise<string[]> {
  const rows = await sql
    .query<{ name: string }>('SELECT name FROM tenantry.participant WHERE retired_at IS NULL ORDER BY name')
    .catch(() => []);
  return rows.map(({ name }) => name);
}

/** Several addresses that all fail come as one error without words of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message || error.name : String(error);
}
