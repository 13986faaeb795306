import type { SqlExecutor } from '@tenantry/database';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { APP_ROLE } from '../install/roles.js';
import { markSql, type ObjectMarker } from '../orphans/object-marker.js';

/**
 * Makes a tenant's own schema and its role, or what is missing of them. The schema belongs to the provisioner, so that
 * the role owns nothing; the serving login may switch to the role and inherits nothing from it. What is made here is
 * marked in the same transaction; what was there before keeps its marker, or goes without.
 *
 * @returns whether the schema was made now.
 */
export async function ensureTenantSchema(
  sql: SqlExecutor,
  schema: string,
  madeFor: Omit<ObjectMarker, 'database'>,
): Promise<boolean> {
  const name = escapeIdentifier(schema);
  const [found] = await sql.query<{ role: boolean; schema: boolean; database: string }>(
    `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS role, EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS schema,
            current_database() AS database`,
    [schema],
  );
  const marker = { ...madeFor, database: found!.database };
  const statements = [
    ...(found!.role ? [] : [`CREATE ROLE ${name} NOLOGIN NOINHERIT`, markSql('ROLE', schema, marker)]),
    `GRANT ${name} TO ${APP_ROLE} WITH INHERIT FALSE, SET TRUE`,
    ...(found!.schema
      ? []
      : [
          `CREATE SCHEMA ${name}`,
          // A new schema has none of the migrations, whatever an earlier one of this name had.
          `DELETE FROM tenantry.schema_migration WHERE schema_name = ${escapeLiteral(schema)}`,
          markSql('SCHEMA', schema, marker),
        ]),
    `GRANT USAGE ON SCHEMA ${name} TO ${name}`,
  ];
  // They have no parameters and none gives rows, so they go in one message.
  await sql.query(statements.join('; '));
  return !found!.schema;
}
