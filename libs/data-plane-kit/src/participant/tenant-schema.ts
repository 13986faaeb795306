import type { SqlExecutor } from '@tenantry/database';
import { escapeIdentifier } from 'pg';
import { APP_ROLE } from '../install/roles.js';
import { markSql, type ObjectMarker } from '../orphans/object-marker.js';

/**
 * Makes a tenant's own schema and its role, or what is missing of them. The schema belongs to the provisioner, so that
 * the role owns nothing; the serving login may switch to the role and inherits nothing from it. What is made here is
 * marked in the same transaction; what was there before keeps its marker, or goes without.
 */
export async function ensureTenantSchema(
  sql: SqlExecutor,
  schema: string,
  madeFor: Omit<ObjectMarker, 'database'>,
): Promise<void> {
  const name = escapeIdentifier(schema);
  const [found] = await sql.query<{ role: boolean; schema: boolean; database: string }>(
    `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS role, EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS schema,
            current_database() AS database`,
    [schema],
  );
  const marker = { ...madeFor, database: found!.database };
  if (!found!.role) {
    await sql.query(`CREATE ROLE ${name} NOLOGIN NOINHERIT`);
    await sql.query(markSql('ROLE', schema, marker));
  }
  await sql.query(`GRANT ${name} TO ${APP_ROLE} WITH INHERIT FALSE, SET TRUE`);
  if (!found!.schema) {
    await sql.query(`CREATE SCHEMA ${name}`);
    // A new schema has none of the migrations, whatever an earlier one of this name had.
    await sql.query('DELETE FROM tenantry.schema_migration WHERE schema_name = $1', [schema]);
    await sql.query(markSql('SCHEMA', schema, marker));
  }
  await sql.query(`GRANT USAGE ON SCHEMA ${name} TO ${name}`);
}
