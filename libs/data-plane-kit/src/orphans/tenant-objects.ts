import { TENANT_SCHEMA_PATTERN } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import { type ObjectMarker, readMarker } from './object-marker.js';

/** An object whose name is like that of a tenant's schema. */
export interface TenantObject {
  readonly type: 'schema' | 'role' | 'database';
  readonly name: string;
  readonly tenantId: string;
  /** What the name says; it need not be the name of any store. */
  readonly store: string;
  readonly marker: ObjectMarker | undefined;
  /** Of a role: whether something in this database refers to it. */
  readonly usedHere: boolean;
  /** Of a role or database: whether another service's database holds it, by what refers to it there or, when nothing does, by its marker. */
  readonly heldElsewhere: boolean;
}

interface ObjectRow {
  readonly type: TenantObject['type'];
  readonly name: string;
  readonly comment: string | null;
  readonly used_here: boolean;
  readonly used_elsewhere: boolean;
}

/** Everything of such a name: the schemas of this database, and the roles and databases of the whole server. */
const OBJECTS = `
SELECT 'schema' AS type, n.nspname AS name, obj_description(n.oid, 'pg_namespace') AS comment, true AS used_here, false AS used_elsewhere
FROM pg_namespace n
UNION ALL
SELECT 'role', r.rolname, shobj_description(r.oid, 'pg_authid'), coalesce(u.here, false), coalesce(u.elsewhere, false)
FROM pg_roles r CROSS JOIN LATERAL (
  SELECT bool_or(d.dbid = here.oid) AS here, bool_or(d.dbid NOT IN (0, here.oid)) AS elsewhere
  FROM pg_shdepend d CROSS JOIN (SELECT oid FROM pg_database WHERE datname = current_database()) here
  WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
) u
UNION ALL
SELECT 'database', datname, shobj_description(oid, 'pg_database'), false, false FROM pg_database`;

/** Reads them all, or those of the given tenants. */
export async function readTenantObjects(
  sql: SqlExecutor,
  tenantIds?: readonly string[],
): Promise<TenantObject[]> {
  const rows = await sql.query<ObjectRow>(
    `SELECT o.* FROM (${OBJECTS}) o
     WHERE o.name ~ $1 AND ($2::text[] IS NULL OR substr(o.name, 3, 32) = ANY ($2)) ORDER BY o.type, o.name`,
    [TENANT_SCHEMA_PATTERN, tenantIds?.map((tenantId) => tenantId.replaceAll('-', '')) ?? null],
  );
  const databases = await sql.query<{ name: string; here: boolean }>(
    'SELECT datname AS name, datname = current_database() AS here FROM pg_database',
  );
  const others = new Set(databases.filter(({ here }) => !here).map(({ name }) => name));
  return rows.map((row) => objectOf(row, others));
}

function objectOf(row: ObjectRow, otherDatabases: ReadonlySet<string>): TenantObject {
  const { type, name } = row;
  const marker = readMarker(row.comment);
  return {
    type,
    name,
    tenantId: name.slice(2, 34).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    store: name.slice(35),
    marker,
    usedHere: row.used_here,
    heldElsewhere:
      row.used_elsewhere ||
      (type !== 'schema' && !row.used_here && marker !== undefined && otherDatabases.has(marker.database)),
  };
}
