import type { SqlExecutor } from '@tenantry/database';
import { UnusableAudit } from '../audit-options.js';

/** A unique index, with its columns as SQL writes them. */
export interface UniqueKey {
  readonly index: string;
  readonly columns: readonly string[];
  /** The constraint that it belongs to, if it does. */
  readonly constraint: string | null;
  readonly primary: boolean;
  readonly where: string | null;
  readonly nullsNotDistinct: boolean;
}

export interface Reference {
  readonly name: string;
  readonly columns: readonly string[];
  /** `schema.table`, quoted. */
  readonly parent: string;
  readonly parentColumns: readonly string[];
  readonly onDelete: string;
  readonly onUpdate: string;
  readonly deferred: boolean;
}

/** A table that is to hold many tenants. */
export interface RetrofitTable {
  /** `schema.table`, quoted. */
  readonly name: string;
  readonly schema: string;
  readonly bare: string;
  /** Whether it is parted: no index of it can be made concurrently. */
  readonly parted: boolean;
  readonly keys: readonly UniqueKey[];
  readonly references: readonly Reference[];
  readonly sequences: readonly string[];
}

export interface SingleTenantSchema {
  readonly database: string;
  readonly tables: readonly RetrofitTable[];
  /** Tables that stay everybody's. */
  readonly globals: readonly string[];
  /** Views over tables that are to hold many tenants. */
  readonly views: readonly string[];
  /** Tables that have the tenant column already, which are left as they are. */
  readonly already: readonly string[];
}

const TABLES = `
WITH found AS (
  SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, quote_ident(n.nspname) AS schema, c.relname::text AS bare, c.relkind = 'p' AS parted,
    n.nspname || '.' || c.relname AS plain,
    EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = $1 AND NOT a.attisdropped) AS already
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|tenantry)' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
)
SELECT f.name, f.schema, f.bare, f.parted, f.already, f.bare = ANY ($2) OR f.plain = ANY ($2) AS global,
  coalesce((
    SELECT json_agg(json_build_object(
      'index', i.relname,
      'columns', (SELECT json_agg(pg_get_indexdef(x.indexrelid, k, true) ORDER BY k) FROM generate_series(1, x.indnkeyatts) k),
      'constraint', k.conname, 'primary', x.indisprimary, 'where', pg_get_expr(x.indpred, x.indrelid),
      'nullsNotDistinct', coalesce((to_jsonb(x)->>'indnullsnotdistinct')::boolean, false)) ORDER BY NOT x.indisprimary, i.relname)
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid AND k.conrelid = x.indrelid AND k.contype IN ('p', 'u')
    WHERE x.indrelid = f.oid AND x.indisunique
  ), '[]') AS keys,
  coalesce((
    SELECT json_agg(json_build_object(
      'name', k.conname, 'parent', format('%I.%I', pn.nspname, p.relname), 'deferred', k.condeferred,
      'onDelete', k.confdeltype, 'onUpdate', k.confupdtype,
      'columns', (SELECT json_agg(quote_ident(a.attname) ORDER BY o.n) FROM unnest(k.conkey) WITH ORDINALITY o (num, n)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = o.num),
      'parentColumns', (SELECT json_agg(quote_ident(a.attname) ORDER BY o.n) FROM unnest(k.confkey) WITH ORDINALITY o (num, n)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = o.num)) ORDER BY k.conname)
    FROM pg_constraint k JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
    WHERE k.conrelid = f.oid AND k.contype = 'f' AND k.conparentid = 0
  ), '[]') AS references,
  ARRAY(
    SELECT DISTINCT format('%I.%I', sn.nspname, s.relname) FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    JOIN pg_namespace sn ON sn.oid = s.relnamespace
    WHERE d.classid = 'pg_class'::regclass AND d.refobjid = f.oid AND d.deptype IN ('a', 'i')
  ) AS sequences
FROM found f ORDER BY f.name`;

const VIEWS = `
SELECT DISTINCT format('%I.%I', n.nspname, v.relname) AS name
FROM pg_rewrite w JOIN pg_class v ON v.oid = w.ev_class AND v.relkind = 'v' JOIN pg_namespace n ON n.oid = v.relnamespace
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> v.oid
WHERE n.nspname !~ '^(pg_|tenantry)' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = v.oid AND e.deptype = 'e')
ORDER BY 1`;

type Found = RetrofitTable & { readonly already: boolean; readonly global: boolean };

/** @throws UnusableAudit when there is nothing to be done. */
export async function readSingleTenantSchema(
  sql: SqlExecutor,
  tenantColumn: string,
  globalTables: readonly string[],
): Promise<SingleTenantSchema> {
  const found = await sql.query<Found>(TABLES, [tenantColumn, globalTables]);
  const views = await sql.query<{ name: string }>(VIEWS);
  const [here] = await sql.query<{ database: string }>('SELECT quote_ident(current_database()) AS database');
  const tables = found.filter(({ already, global }) => !already && !global);
  if (tables.length === 0)
    throw new UnusableAudit(
      `every table has the column ${tenantColumn} or is declared global: there is nothing to suggest`,
    );
  return {
    database: here!.database,
    tables,
    globals: found.filter(({ global }) => global).map(({ name }) => name),
    views: views.map(({ name }) => name),
    already: found.filter(({ already }) => already).map(({ name }) => name),
  };
}
