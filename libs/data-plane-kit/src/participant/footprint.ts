import {
  TENANT_SCHEMA_PATTERN,
  tenantDatabaseName,
  tenantSchemaName,
  tenantSchemaPrefix,
} from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import { escapeIdentifier } from 'pg';
import { PurgeIncomplete } from './request-errors.js';
import { POLICY } from '../install/secure-tables.js';

/** A table that can hold rows of the tenant. */
export interface FootprintTable {
  readonly schema: string;
  readonly table: string;
  /** In the tenant's own schema, so every row is the tenant's and the table goes with the schema. */
  readonly own: boolean;
  /** Whether rows can be deleted from it: a materialized view only shows what is left elsewhere. */
  readonly writable: boolean;
}

/** What there is of a tenant in this database, and of its own beside it: names and counts only. */
export interface Footprint {
  /** Rows by `schema.table`, with `database/` in front for those in the tenant's own database. */
  readonly rows: Readonly<Record<string, number>>;
  readonly schemas: readonly string[];
  readonly databases: readonly string[];
  readonly roles: readonly string[];
}

/**
 * Every table, anywhere in the database, that has the tenant column or is in one of the tenant's schemas: taken from the
 * catalogue and not from the service's own list, so that a table which somebody added by hand is found too. Only other
 * tenants' schemas are left out: their rows are theirs, and each of them is another's to purge, perhaps at this moment.
 *
 * @throws PurgeIncomplete for a table whose row security is not the kit's, since it may hide rows from the count.
 */
export async function footprintTables(sql: SqlExecutor, tenantId: string): Promise<FootprintTable[]> {
  const rows = await sql.query<FootprintTable & { foreign_policies: boolean }>(
    `SELECT n.nspname AS schema, c.relname AS "table", starts_with(n.nspname, $1) AS own, c.relkind <> 'm' AS writable,
            c.relrowsecurity AND NOT EXISTS (
              SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polroles <> ARRAY[to_regrole('tenantry_support')::oid]
              HAVING count(*) = 1
                 AND bool_and(p.polname = $2 AND p.polcmd = '*' AND p.polpermissive AND p.polroles = '{0}'
                   AND position('tenantry.current_tenant()' IN pg_get_expr(p.polqual, p.polrelid)) > 0)
            ) AS foreign_policies
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'f', 'm') AND NOT c.relispartition
       AND n.nspname <> 'tenantry' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
       AND (starts_with(n.nspname, $1)
         OR n.nspname !~ $3
           AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
     ORDER BY n.nspname, c.relname`,
    [tenantSchemaPrefix(tenantId), POLICY, TENANT_SCHEMA_PATTERN],
  );
  const hidden = rows.filter((row) => row.foreign_policies).map((row) => `${row.schema}.${row.table}`);
  if (hidden.length > 0)
    throw new PurgeIncomplete(
      `Rows cannot be counted for certain, because row security is not the kit's: ${hidden.join(', ')}.`,
    );
  return rows;
}

/** The tenant's rows by `schema.table`; runs in its maintenance context, without which nothing is visible. */
export async function countTenantRows(sql: SqlExecutor, tenantId: string): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  for (const table of await footprintTables(sql, tenantId)) {
    const [counted] = await sql.query<{ n: string }>(
      `SELECT count(*) AS n FROM ${qualified(table)}${table.own ? '' : ' WHERE lower(tenant_id::text) = lower($1)'}`,
      table.own ? [] : [tenantId],
    );
    rows[`${table.schema}.${table.table}`] = Number(counted!.n);
  }
  return rows;
}

/** Counts what there is of the tenant now, but for what is inside its own database; runs in its maintenance context. */
export async function measureFootprint(
  sql: SqlExecutor,
  tenantId: string,
  store: string,
): Promise<Footprint> {
  const rows = await countTenantRows(sql, tenantId);
  const schemas = await sql.query<{ name: string }>(
    'SELECT nspname AS name FROM pg_namespace WHERE starts_with(nspname, $1) ORDER BY 1',
    [tenantSchemaPrefix(tenantId)],
  );
  // Databases and roles are the whole server's; another service's of this tenant are that service's to drop.
  const databases = await sql.query<{ name: string }>(
    'SELECT datname AS name FROM pg_database WHERE datname = $1',
    [tenantDatabaseName(tenantId, store)],
  );
  const roles = await sql.query<{ name: string }>('SELECT rolname AS name FROM pg_roles WHERE rolname = $1', [
    tenantSchemaName(tenantId, store),
  ]);
  const names = (found: readonly { name: string }[]): string[] => found.map(({ name }) => name);
  return { rows, schemas: names(schemas), databases: names(databases), roles: names(roles) };
}

/** The table's name for SQL. */
export function qualified({ schema, table }: Pick<FootprintTable, 'schema' | 'table'>): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`;
}
