import { pooledSchemaName } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { type Client, escapeIdentifier } from 'pg';
import type { ServiceDefinition } from '../service-definition.js';
import { APP_ROLE, PROVISIONER_ROLE } from './roles.js';
import type { TableSecurity } from './secure-tables.js';
import { applyMigrationTx, missingMigrations } from './service-migration.js';

/** How long a migration waits for a lock before it fails, in milliseconds. */
const LOCK_TIMEOUT_MS = 10_000;

/** Brings the pooled tables and every provisioned tenant's own schema up to date; half-made schemas are their retry's. */
export async function migrateService(client: Client, service: ServiceDefinition): Promise<string[]> {
  const sql = pgExecutor(client);
  const schema = pooledSchemaName(service.store);
  const { globalTables } = service;
  const applied = await migratePooledTables(sql, service, { schema, role: APP_ROLE });
  const tenants = await sql.query<{ tenant_id: string; schema_name: string }>(
    `SELECT tenant_id, schema_name FROM tenantry.provisioned WHERE isolation = 'schema' ORDER BY tenant_id`,
  );
  for (const { tenant_id: tenantId, schema_name: schema } of tenants) {
    applied.push(...(await migrateSchema(sql, service, { schema, role: schema, tenantId, globalTables })));
  }
  return applied;
}

/** Makes the schema of the pooled layout and brings its tables up to date, for the role that is to serve them. */
export async function migratePooledTables(
  sql: SqlExecutor,
  service: ServiceDefinition,
  { schema, role }: Pick<TableSecurity, 'schema' | 'role'>,
): Promise<string[]> {
  await inProvisionerTransaction(sql, async () => {
    // Asked first, since CREATE ... IF NOT EXISTS needs the right to create even where there is nothing to do.
    const existing = await sql.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
    if (existing.length === 0) await sql.query(`CREATE SCHEMA IF NOT EXISTS ${escapeIdentifier(schema)}`);
    await sql.query(`GRANT USAGE ON SCHEMA ${escapeIdentifier(schema)} TO ${escapeIdentifier(role)}`);
  });
  const { globalTables } = service;
  return migrateSchema(sql, service, { schema, role, tenantId: undefined, globalTables });
}

async function migrateSchema(
  sql: SqlExecutor,
  service: ServiceDefinition,
  security: TableSecurity,
): Promise<string[]> {
  const applied: string[] = [];
  for (const migration of await missingMigrations(sql, service, security.schema)) {
    const done = await inProvisionerTransaction(sql, async () => {
      if (security.tenantId !== undefined) await enterMaintenance(sql, security.tenantId);
      return applyMigrationTx(sql, migration, security);
    });
    if (done) applied.push(`${security.schema}/${migration.name}`);
  }
  return applied;
}

/** Opens the tenant's context at whatever generation its fence has, so that a migration can also change its rows. */
async function enterMaintenance(sql: SqlExecutor, tenantId: string): Promise<void> {
  await sql.query(
    'SELECT tenantry.maintain(tenant_id, generation) FROM tenantry.fence WHERE tenant_id = $1',
    [tenantId],
  );
}

async function inProvisionerTransaction<T>(sql: SqlExecutor, work: () => Promise<T>): Promise<T> {
  await sql.query('BEGIN');
  try {
    await sql.query(`SET LOCAL ROLE ${PROVISIONER_ROLE}`);
    await sql.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    const result = await work();
    await sql.query('COMMIT');
    return result;
  } catch (error) {
    await sql.query('ROLLBACK');
    throw error;
  }
}
