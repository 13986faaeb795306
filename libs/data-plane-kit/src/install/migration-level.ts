import { pooledSchemaName } from '@tenantry/contracts';
import { checkSchemaLevel, type SqlExecutor } from '@tenantry/database';
import { KIT_MIGRATIONS } from '../kit-migrations.js';
import type { ServiceDefinition } from '../service-definition.js';
import { missingMigrations } from './service-migration.js';

/**
 * Whether a service's database has every migration of the kit, and its pooled schema every one of the service's own.
 *
 * @returns the names of those that a newer kit has added and this one may work beside.
 * @throws SchemaTooNew when it may not; an Error that names what is missing.
 */
export async function checkServiceLevel(
  sql: SqlExecutor,
  service: ServiceDefinition,
): Promise<readonly string[]> {
  const unknown = await checkSchemaLevel(sql, KIT_MIGRATIONS);
  const missing = await missingMigrations(sql, service, pooledSchemaName(service.store));
  if (missing.length > 0) throw new Error(`Not migrated: ${missing.map(({ name }) => name).join(', ')}.`);
  return unknown;
}
