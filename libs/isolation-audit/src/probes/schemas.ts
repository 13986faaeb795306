import type { Probe } from '../probe.js';

/** Whether schemas keep apart what they are to keep apart. */
export const SCHEMA_PROBES: readonly Probe[] = [
  {
    id: 'schema-crossover',
    hole: 27,
    severity: 'critical',
    title: "One tenant's role reaches another tenant's schema",
    sql: `
SELECT 'schema' AS type, format('%I for %s', n.name, coalesce(quote_ident(r.rolname), 'PUBLIC')) AS name,
  'It is reached by a role that is not its own: a wrong search path, or a name with a schema, is enough.' AS what,
  format('REVOKE ALL ON SCHEMA %I FROM %s; REVOKE ALL ON ALL TABLES IN SCHEMA %1$I FROM %2$s;', n.name, coalesce(quote_ident(r.rolname), 'PUBLIC')) AS mend
FROM (
  SELECT m.oid, a.grantee FROM namespace m CROSS JOIN LATERAL aclexplode(m.acl) a WHERE m.of_tenant
  UNION SELECT m.oid, a.grantee FROM pg_class c JOIN namespace m ON m.oid = c.relnamespace AND m.of_tenant CROSS JOIN LATERAL aclexplode(c.relacl) a
) a
JOIN namespace n ON n.oid = a.oid LEFT JOIN pg_roles r ON r.oid = a.grantee LEFT JOIN pg_roles own ON own.rolname = n.name
LEFT JOIN (
  SELECT b.grantee FROM namespace m CROSS JOIN LATERAL aclexplode(m.acl) b WHERE m.of_tenant GROUP BY 1 HAVING count(DISTINCT m.oid) > 1
) several ON several.grantee = a.grantee
WHERE a.grantee = ANY ($1) AND a.grantee <> n.owner AND r.rolname IS DISTINCT FROM n.name
  -- Where schemas have no roles of their own, one that reaches a single schema is that schema's.
  AND (own.oid IS NOT NULL OR a.grantee = 0 OR several.grantee IS NOT NULL)`,
  },
  {
    id: 'shared-fallback',
    hole: 27,
    severity: 'medium',
    title: "A shared table takes the place of a tenant's when that one is missing",
    sql: `
SELECT 'table' AS type, p.name,
  'It has the name of a table in tenants'' own schemas: an unqualified name finds it wherever the tenant''s is missing, and rows land there.' AS what,
  format('ALTER TABLE %s SET SCHEMA …; -- one that is on no tenant''s search path', p.name) AS mend
FROM relation p
WHERE p.schema = 'public' AND p.kind IN ('r', 'p') AND p.privileges <> '{}'
  AND EXISTS (SELECT FROM relation t WHERE t.of_tenant AND t.bare = p.bare)`,
  },
  {
    id: 'app-creates-objects',
    hole: 27,
    severity: 'medium',
    title: 'The application may create objects in a schema',
    sql: `
SELECT 'schema' AS type, quote_ident(n.name) AS name,
  'What it creates there is its own, under no policy, and takes the place of what unqualified names meant.' AS what,
  format('REVOKE CREATE ON SCHEMA %I FROM %s;', n.name, held.list) AS mend
FROM namespace n
CROSS JOIN LATERAL (
  SELECT string_agg(coalesce(quote_ident(r.rolname), 'PUBLIC'), ', ') AS list
  FROM aclexplode(n.acl) a LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE a.grantee = ANY ($1) AND a.privilege_type = 'CREATE'
) held
WHERE n.creatable AND n.owner NOT IN (SELECT oid FROM grantee)`,
  },
  {
    id: 'name-cut-off',
    hole: 26,
    severity: 'medium',
    title: 'A name has the length at which Postgres cuts names off',
    sql: `
SELECT o.type, quote_ident(o.name) AS name,
  'It is 63 bytes long, as a longer one is after Postgres has cut it: two tenants whose names begin alike end up in one.' AS what,
  '-- name schemas, roles and databases by the tenant''s id, and compare the name that was stored' AS mend
FROM (
  SELECT 'schema' AS type, n.name::text FROM namespace n
  UNION ALL SELECT 'role', rolname::text FROM pg_roles
  UNION ALL SELECT 'database', datname::text FROM pg_database
) o
WHERE octet_length(o.name) = 63`,
  },
];
