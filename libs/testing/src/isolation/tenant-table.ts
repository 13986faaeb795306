import type { SqlExecutor } from '@tenantry/database';
import { escapeIdentifier } from 'pg';

export interface TableColumn {
  readonly name: string;
  /** As SQL writes it, e.g. `text[]`. */
  readonly type: string;
  /** Made by the database, so that nobody may give it a value. */
  readonly generated: boolean;
  readonly required: boolean;
}

export interface ForeignKey {
  readonly columns: readonly string[];
  /** The referred table, in the same schema. */
  readonly table: string;
  readonly referred: readonly string[];
}

/** A table with a tenant column, as the catalogue has it. */
export interface TenantTable {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly TableColumn[];
  readonly foreignKeys: readonly ForeignKey[];
}

/** The column that says whose a row is. */
export const TENANT_COLUMN = 'tenant_id';

/** Every table of a schema that has the tenant column; referred ones before those that refer to them. */
export async function tenantTables(sql: SqlExecutor, schema: string): Promise<TenantTable[]> {
  const tables = await sql.query<TenantTable>(
    `SELECT $1::text AS schema, c.relname::text AS "table",
       (SELECT json_agg(json_build_object(
          'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
          'generated', a.attgenerated <> '' OR a.attidentity = 'a',
          'required', a.attnotnull AND NOT a.atthasdef) ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       coalesce((SELECT json_agg(json_build_object(
          'table', r.relname,
          'columns', (SELECT json_agg(a.attname ORDER BY k.place) FROM unnest(f.conkey) WITH ORDINALITY k (number, place)
                      JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.number),
          'referred', (SELECT json_agg(a.attname ORDER BY k.place) FROM unnest(f.confkey) WITH ORDINALITY k (number, place)
                       JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.number)))
        FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND r.oid <> c.oid), '[]') AS "foreignKeys"
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = '${TENANT_COLUMN}' AND NOT a.attisdropped)
     ORDER BY c.relname`,
    [schema],
  );
  return referredFirst(tables);
}

/** The table's name for SQL. */
export function qualifiedName({ schema, table }: TenantTable): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`;
}

function referredFirst(tables: readonly TenantTable[]): TenantTable[] {
  const sorted: TenantTable[] = [];
  const visit = (one: TenantTable, above: readonly TenantTable[]): void => {
    if (sorted.includes(one) || above.includes(one)) return;
    for (const { table } of one.foreignKeys) {
      const referred = tables.find((other) => other.table === table);
      if (referred) visit(referred, [...above, one]);
    }
    sorted.push(one);
  };
  for (const one of tables) visit(one, []);
  return sorted;
}
