import { judgeSchemaLevel, pgExecutor, readSchemaLevel, type SqlExecutor } from '@tenantry/database';
import type { Logger, ReadinessCheck } from '@tenantry/service';
import { Client } from 'pg';
import { CONTROL_PLANE_MIGRATIONS } from '../migrations/index.js';
import { CONNECTION_LIMITS } from './connection-limits.js';

/**
 * What a process waits for before it begins: the database, and that it has every migration of this build. The broker is not among them:
 * whoever needs it waits for it while the rest works.
 */
export function startNeeds(databaseUrl: string, logger: Logger): readonly ReadinessCheck[] {
  return [
    {
      name: 'database',
      check: () => connected(databaseUrl, async (sql) => void (await sql.query('SELECT 1'))),
    },
    {
      name: 'migrations',
      check: () => connected(databaseUrl, (sql) => checkMigrations(sql, logger)),
    },
  ];
}

/** @throws SchemaTooNew, or an Error that names what is missing. */
async function checkMigrations(sql: SqlExecutor, logger: Logger): Promise<void> {
  const level = await readSchemaLevel(sql, CONTROL_PLANE_MIGRATIONS);
  const unknown = judgeSchemaLevel(level);
  if (level.missing.length > 0)
    throw new Error(`not applied: ${level.missing.join(', ')}; run main.migrate of this version`);
  if (unknown.length > 0)
    logger.warn({ unknown }, 'a newer version has migrated the database, and lets this one work beside it');
}

async function connected(url: string, work: (sql: SqlExecutor) => Promise<void>): Promise<void> {
  const client = new Client({
    connectionString: url,
    application_name: 'tenantry-control-plane-start',
    ...CONNECTION_LIMITS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await work(pgExecutor(client));
  } finally {
    await client.end().catch(() => undefined);
  }
}
