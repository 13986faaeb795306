import { createHash } from 'node:crypto';
import { pooledSchemaName } from '@tenantry/contracts';
import { migrate, pgExecutor } from '@tenantry/database';
import { Client } from 'pg';
import { KIT_MIGRATIONS } from '../kit-migrations.js';
import type { ServiceDefinition } from '../service-definition.js';
import { contextFunctionsSql, DEDICATED_FORM } from '../sql/context-functions.sql.js';
import { hardenTenantDatabase } from './hardening.js';
import { installDedicatedContext } from './install-context.js';
import { migratePooledTables } from './migrate-service.js';
import { APP_ROLE, DEDICATED_ROLE } from './roles.js';

/** Raised when what is done here beside the migrations changes, so that every database is brought there once. */
const REVISION = 1;

/** What a tenant's own database is made of, as a digest: it is up to date when it was brought to this one. */
export function layoutDigest({ migrations, globalTables }: ServiceDefinition): string {
  const steps = [...KIT_MIGRATIONS, ...migrations].map(({ name, sql }) => [name, sql]);
  return createHash('sha256')
    .update(JSON.stringify([REVISION, contextFunctionsSql(DEDICATED_FORM), steps, globalTables]))
    .digest('hex');
}

/** What serves all tenants in the shared database may do with the kit, a tenant's login may do in the tenant's own. */
const LIKE_THE_APPLICATION = `
GRANT USAGE ON SCHEMA tenantry TO ${DEDICATED_ROLE};
DO $kit$ DECLARE given record; BEGIN
  FOR given IN
    SELECT a.privilege_type, 'FUNCTION ' || p.oid::regprocedure AS object
    FROM pg_proc p CROSS JOIN LATERAL aclexplode(p.proacl) a
    WHERE p.pronamespace = 'tenantry'::regnamespace AND a.grantee = '${APP_ROLE}'::regrole
    UNION ALL
    SELECT a.privilege_type, CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || c.oid::regclass
    FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
    WHERE c.relnamespace = 'tenantry'::regnamespace AND a.grantee = '${APP_ROLE}'::regrole
  LOOP
    EXECUTE format('GRANT %s ON %s TO ${DEDICATED_ROLE}', given.privilege_type, given.object);
  END LOOP;
END $kit$;`;

/**
 * Brings one tenant's own database, or the template of all, up to date: the kit, its hardening and the service's tables, laid
 * out as the shared ones. Idempotent.
 *
 * @param url of that database, for an administrator.
 */
export async function installTenantLayout(
  url: string,
  service: ServiceDefinition,
): Promise<{ readonly applied: readonly string[]; readonly warnings: readonly string[] }> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const sql = pgExecutor(client);
    const applied = await migrate(url, KIT_MIGRATIONS);
    await installDedicatedContext(sql);
    const warnings = await hardenTenantDatabase(sql);
    await sql.query(LIKE_THE_APPLICATION);
    const schema = pooledSchemaName(service.store);
    const tables = await migratePooledTables(sql, service, { schema, role: DEDICATED_ROLE });
    return { applied: [...applied, ...tables], warnings };
  } finally {
    await client.end();
  }
}
