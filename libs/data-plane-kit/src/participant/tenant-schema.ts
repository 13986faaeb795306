import type { SqlExecutor } from '@tenantry/database';
import { escapeIdentifier } from 'pg';
import { APP_ROLE } from '../install/roles.js';

/**
 * Makes a tenant's own schema and its role, or what is missing of them. The schema belongs to the provisioner, so that
 * the role owns nothing; the serving login may switch to the role and inherits nothing from it.
 */
export async function ensureTenantSchema(sql: SqlExecutor, schema: string): Promise<void> {
  const name = escapeIdentifier(schema);
  const [found] = await sql.query<{ role: boolean; schema: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS role, EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS schema`,
    [schema],
  );
  if (!found?.role) await sql.query(`CREATE ROLE ${name} NOLOGIN NOINHERIT`);
  await sql.query(`GRANT ${name} TO ${APP_ROLE} WITH INHERIT FALSE, SET TRUE`);
  if (!found?.schema) await sql.query(`CREATE SCHEMA ${name}`);
  await sql.query(`GRANT USAGE ON SCHEMA ${name} TO ${name}`);
}
