import { checkSchemaLevel, pgExecutor, type SqlExecutor } from '@tenantry/database';
import type { Logger } from '@tenantry/messaging';
import type { ReadinessCheck } from '@tenantry/service';
import { type Secret, secretOf } from '../credentials/secret.js';
import { openClient } from '../database-pool.js';
import { checkServiceLevel } from '../install/migration-level.js';
import type { ServiceDefinition } from '../service-definition.js';
import { VERIFIER_MIGRATIONS } from '../verifier/install-verifier.js';

const QUERY_TIMEOUT_MS = 5_000;

export interface DataPlaneStart {
  readonly service: ServiceDefinition;
  /** The service's own database, for the login that serves. */
  readonly databaseUrl: string | Secret;
  /** The same for the login that provisions. */
  readonly provisionerUrl: string | Secret;
  readonly logger: Logger;
}

/**
 * What a service waits for before it begins: its own database, for both logins, with every migration of this build. Neither the broker nor the
 * control plane nor a further cluster is among them: a data plane serves without them.
 */
export function dataPlaneStartNeeds({
  service,
  databaseUrl,
  provisionerUrl,
  logger,
}: DataPlaneStart): readonly ReadinessCheck[] {
  return [
    databaseNeed(databaseUrl),
    migrationsNeed(provisionerUrl, logger, (sql) => checkServiceLevel(sql, service)),
  ];
}

/** The same for the verifier: its own database, and none of those that it scans. */
export function verifierStartNeeds(databaseUrl: string, logger: Logger): readonly ReadinessCheck[] {
  return [
    databaseNeed(databaseUrl),
    migrationsNeed(databaseUrl, logger, (sql) => checkSchemaLevel(sql, VERIFIER_MIGRATIONS)),
  ];
}

function databaseNeed(url: string | Secret): ReadinessCheck {
  return {
    name: 'database',
    check: () => connected(url, async (sql) => void (await sql.query('SELECT 1'))),
  };
}

function migrationsNeed(
  url: string | Secret,
  logger: Logger,
  level: (sql: SqlExecutor) => Promise<readonly string[]>,
): ReadinessCheck {
  return {
    name: 'migrations',
    check: () =>
      connected(url, async (sql) => {
        const unknown = await level(sql);
        if (unknown.length > 0)
          logger.warn(
            { unknown },
            'a newer version has migrated the database, and lets this one work beside it',
          );
      }),
  };
}

async function connected(url: string | Secret, work: (sql: SqlExecutor) => Promise<void>): Promise<void> {
  const secret = typeof url === 'string' ? secretOf(url) : url;
  const client = await openClient({
    url: secret.read(),
    applicationName: 'tenantry-start',
    queryTimeoutMs: QUERY_TIMEOUT_MS,
  });
  client.on('error', () => undefined);
  try {
    await work(pgExecutor(client));
  } finally {
    await client.end().catch(() => undefined);
  }
}
