import { pooledSchemaName } from '@tenantry/contracts';
import { judgeSchemaLevel, readSchemaLevel, type SqlExecutor, type SqlMigration } from '@tenantry/database';
import { KIT_MIGRATIONS } from '../kit-migrations.js';
import type { ServiceDefinition } from '../service-definition.js';
import { missingMigrations } from './service-migration.js';

/**
 * Whether a database has every one of these migrations.
 *
 * @returns the names of those that a newer build has added and this one may work beside.
 * @throws SchemaTooNew when it may not; an Error that names what is missing.
 */
export async function checkMigrationLevel(
  sql: SqlExecutor,
  migrations: readonly SqlMigration[],
): Promise<readonly string[]> {
  const level = await readSchemaLevel(sql, migrations);
  const unknown = judgeSchemaLevel(level);
  if (level.missing.length > 0) throw notMigrated(level.missing);
  return unknown;
}

/** The same of the kit in a service's database, and of the service's own in its pooled schema. */
export async function checkServiceLevel(
  sql: SqlExecutor,
  service: ServiceDefinition,
): Promise<readonly string[]> {
  const unknown = await checkMigrationLevel(sql, KIT_MIGRATIONS);
  const missing = await missingMigrations(sql, service, pooledSchemaName(service.store));
  if (missing.length > 0) throw notMigrated(missing.map(({ name }) => name));
  return unknown;
}

function notMigrated(names: readonly string[]): Error {
  return new Error(`Not migrated: ${names.join(', ')}.`);
}
