import { escapeIdentifier, escapeLiteral } from 'pg';
import { APP_ROLE } from '../install/roles.js';
import { markSql, type ObjectMarker } from '../orphans/object-marker.js';

/** What there is of a tenant's own schema. */
export interface FoundSchema {
  readonly schema: boolean;
  readonly role: boolean;
}

/**
 * What makes a tenant's own schema and its role, or what is missing of them: statements for one transaction, without parameters and rows. The
 * schema belongs to the provisioner, so that the role owns nothing; the serving login may switch to the role and inherits
 * nothing from it. What is made here is marked in the same transaction; what was there before keeps its marker, or goes without.
 *
 * @param found as the only worker of the tenant found it. Whatever has come in between makes the transaction fail.
 */
export function tenantSchemaStatements(schema: string, found: FoundSchema, marker: ObjectMarker): string[] {
  const name = escapeIdentifier(schema);
  return [
    ...(found.role ? [] : [`CREATE ROLE ${name} NOLOGIN NOINHERIT`, markSql('ROLE', schema, marker)]),
    `GRANT ${name} TO ${APP_ROLE} WITH INHERIT FALSE, SET TRUE`,
    ...(found.schema
      ? []
      : [
          `CREATE SCHEMA ${name}`,
          // A new schema has none of the migrations, whatever an earlier one of this name had.
          `DELETE FROM tenantry.schema_migration WHERE schema_name = ${escapeLiteral(schema)}`,
          markSql('SCHEMA', schema, marker),
        ]),
    `GRANT USAGE ON SCHEMA ${name} TO ${name}`,
  ];
}
