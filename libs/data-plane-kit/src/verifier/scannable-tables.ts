import type { SqlExecutor } from '@tenantry/database';
import { marked } from './tenant-mark.js';

/** A column that may say whose a row is. */
export interface TenantColumn {
  readonly name: string;
  /** Exactly Postgres's own type, which an index can be asked about; everything else is compared as text. */
  readonly uuid: boolean;
}

/** Something that holds rows of its own. */
export interface ScannableTable {
  readonly oid: string;
  readonly schema: string;
  readonly table: string;
  /** The table or its schema is named for the tenant, so that every row of it is the tenant's. */
  readonly named: boolean;
  /** A temporary table of another session, which nobody else can read. */
  readonly foreign_session: boolean;
  readonly columns: readonly TenantColumn[];
}

/**
 * Every table, partition, materialized view and foreign table that has a tenant column or is named for the tenant, in
 * whatever schema it is. A partitioned table has no rows of its own and is listed by its partitions, and by itself only
 * when it is named for the tenant; a materialized view that was never filled holds nothing.
 *
 * @param tenantColumns compared without case and underscores, so that `tenantId` and `TENANT_ID` are found too.
 */
export function scannableTables(
  sql: SqlExecutor,
  mark: string,
  tenantColumns: readonly string[],
): Promise<ScannableTable[]> {
  return sql.query<ScannableTable>(
    `SELECT * FROM (
       SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS "table", c.relkind,
         ${marked('n.nspname')} OR ${marked('c.relname')} AS named,
         pg_is_other_temp_schema(n.oid) AS foreign_session,
         coalesce((
           SELECT json_agg(json_build_object('name', a.attname, 'uuid', a.atttypid = 'uuid'::regtype) ORDER BY a.attnum)
           FROM pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             AND replace(lower(a.attname), '_', '') = ANY ($2)
         ), '[]') AS columns
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'm', 'f') AND (c.relkind <> 'm' OR c.relispopulated)
         AND n.nspname NOT IN ('pg_catalog', 'information_schema')
     ) t
     WHERE named OR (relkind <> 'p' AND json_array_length(columns) > 0)
     ORDER BY schema, "table"`,
    [mark, tenantColumns.map((column) => column.replaceAll('_', '').toLowerCase())],
  );
}

/** The table's present name, undefined when it is gone. */
export async function presentName(
  sql: SqlExecutor,
  oid: string,
): Promise<{ schema: string; table: string } | undefined> {
  const [name] = await sql.query<{ schema: string; table: string }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS "table"
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1`,
    [oid],
  );
  return name;
}
