/**
 * What every probe begins with. `$1` are the oids of all roles that the application can act as, with 0 for PUBLIC, `$2` the names of columns that
 * say whose a row is, `$3` the tables that are declared global, `$4` the pattern of tenants' own schemas, `$5` other settings.
 * Privileges are taken from the access lists and not asked of Postgres for each role, which may be thousands.
 */
export const SUBJECTS_SQL = `
WITH RECURSIVE scope (app, tenant_columns, global_tables, tenant_schema, settings) AS MATERIALIZED (
  SELECT array_remove($1::oid[], 0::oid), $2::text[], $3::text[], $4::text, $5::jsonb
),
-- Whoever the application can act as, and 0 for PUBLIC.
grantee (oid) AS MATERIALIZED (SELECT unnest($1::oid[])),
-- For roles that Postgres brings: which of the application's have them.
holder AS (
  SELECT m.roleid, string_agg(DISTINCT quote_ident(r.rolname), ', ') AS list
  FROM pg_auth_members m JOIN grantee g ON g.oid = m.member JOIN pg_roles r ON r.oid = m.member GROUP BY m.roleid
),
from_extension (classid, objid) AS MATERIALIZED (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
namespace AS MATERIALIZED (
  SELECT n.oid, n.nspname AS name, n.nspowner AS owner, n.nspacl AS acl, n.nspname ~ scope.tenant_schema AS of_tenant,
    EXISTS (
      SELECT FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
      WHERE a.grantee = ANY ($1) AND a.privilege_type = 'USAGE') AS usable,
    EXISTS (
      SELECT FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
      WHERE a.grantee = ANY ($1) AND a.privilege_type = 'CREATE') AS creatable
  FROM pg_namespace n, scope
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
),
-- Tables, views and foreign tables of people, with what the application may do with them ('privileges').
relation AS MATERIALIZED (
  SELECT c.oid, format('%I.%I', n.name, c.relname) AS name, n.name AS schema, c.relname AS bare, c.relkind AS kind, c.relowner AS owner,
    c.relrowsecurity AS secured, c.relforcerowsecurity AS forced, c.reloptions AS options, n.of_tenant,
    EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) AS is_child,
    tenant.attnum AS tenant_attnum, tenant.attname AS tenant_column,
    CASE WHEN n.usable THEN ARRAY(
      SELECT DISTINCT a.privilege_type FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
      WHERE a.grantee = ANY ($1)
      UNION SELECT a.privilege_type FROM pg_attribute t CROSS JOIN aclexplode(t.attacl) a
      WHERE a.grantee = ANY ($1) AND t.attrelid = c.oid AND t.attacl IS NOT NULL
    ) ELSE '{}' END AS privileges,
    -- Whom a REVOKE has to name.
    (SELECT string_agg(DISTINCT coalesce(quote_ident(o.rolname), 'PUBLIC'), ', ')
      FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a LEFT JOIN pg_roles o ON o.oid = a.grantee
      WHERE a.grantee = ANY ($1)) AS grantees
  FROM pg_class c JOIN namespace n ON n.oid = c.relnamespace CROSS JOIN scope
  LEFT JOIN LATERAL (
    SELECT a.attnum, a.attname FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attname = ANY (scope.tenant_columns) AND NOT a.attisdropped ORDER BY a.attnum LIMIT 1
  ) tenant ON true
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT EXISTS (SELECT FROM from_extension e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid)
),
-- Shared tables that hold rows of many tenants.
tenant_table AS (
  SELECT * FROM relation WHERE kind IN ('r', 'p') AND tenant_attnum IS NOT NULL AND NOT of_tenant
),
-- What each policy says, of those that apply to the application; 'context_free': it does not ask who is there.
policy AS MATERIALIZED (
  SELECT p.oid, p.polname AS name, p.polrelid, r.name AS table_name, r.of_tenant, p.polcmd AS command, p.polpermissive AS permissive,
    p.polroles AS roles, e.reads, e.writes,
    e.reads IS NULL OR e.reads ~ '^[(]*true[)]*$' OR e.reads <> 'false' AND NOT helped.is_so AND NOT e.reads ~ c.asks AS reads_anything,
    e.writes IS NULL OR e.writes ~ '^[(]*true[)]*$' OR e.writes <> 'false' AND NOT helped.is_so AND NOT e.writes ~ c.asks AS writes_anything
  FROM pg_policy p JOIN relation r ON r.oid = p.polrelid
  CROSS JOIN LATERAL (
    SELECT pg_get_expr(p.polqual, p.polrelid) AS reads, pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid) AS writes
  ) e
  CROSS JOIN LATERAL (
    SELECT EXISTS (
      SELECT FROM pg_depend d
      WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_proc'::regclass
    ) AS is_so
  ) helped
  CROSS JOIN (SELECT 'current_setting[(]|current_user|session_user|current_role|CURRENT_USER|SESSION_USER|CURRENT_ROLE' AS asks) c
  WHERE EXISTS (SELECT FROM unnest(p.polroles) role WHERE role = ANY ($1))
),
-- A restrictive policy for everybody bounds whatever permissive ones there are.
bounded AS (
  SELECT DISTINCT polrelid, command FROM policy
  WHERE NOT permissive AND 0::oid = ANY (roles) AND NOT reads_anything AND NOT writes_anything
),
-- Functions that policies call, with their text.
policy_function AS MATERIALIZED (
  SELECT f.oid, format('%I.%I(%s)', n.nspname, f.proname, pg_get_function_identity_arguments(f.oid)) AS name,
    f.provolatile AS volatility, f.pronargs AS arguments, pg_get_functiondef(f.oid) AS definition
  FROM (
    SELECT DISTINCT d.refobjid AS oid FROM policy p
    JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_proc'::regclass
  ) used
  JOIN pg_proc f ON f.oid = used.oid AND f.prokind = 'f' JOIN pg_namespace n ON n.oid = f.pronamespace
),
-- The settings that say who is there.
context_setting AS (
  SELECT DISTINCT found[1] AS name
  FROM (SELECT reads AS text FROM policy UNION SELECT writes FROM policy UNION SELECT definition FROM policy_function) t
  CROSS JOIN LATERAL regexp_matches(t.text, 'current_setting[(]\\s*''([^'']+)''', 'g') AS found
),
-- Functions of people.
routine AS MATERIALIZED (
  SELECT f.oid, format('%I.%I(%s)', n.name, f.proname, pg_get_function_identity_arguments(f.oid)) AS name, f.proowner AS owner,
    f.prosecdef AS definer, f.proconfig AS config, f.provolatile AS volatility, f.proleakproof AS leakproof, f.prosrc AS source,
    l.lanname AS language, f.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) AS is_trigger,
    n.usable AND EXISTS (
      SELECT FROM aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
      WHERE a.grantee = ANY ($1) AND a.privilege_type = 'EXECUTE') AS callable
  FROM pg_proc f JOIN namespace n ON n.oid = f.pronamespace JOIN pg_language l ON l.oid = f.prolang
  WHERE f.prokind IN ('f', 'p')
    AND NOT EXISTS (SELECT FROM from_extension e WHERE e.classid = 'pg_proc'::regclass AND e.objid = f.oid)
),
-- Which tables each view reads, through other views too.
reads (view, relation) AS (
  SELECT w.ev_class, d.refobjid FROM relation v JOIN pg_rewrite w ON w.ev_class = v.oid
  JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
  WHERE v.kind IN ('v', 'm')
  UNION
  SELECT r.view, d.refobjid FROM reads r JOIN pg_rewrite w ON w.ev_class = r.relation
  JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
),
tenant_view AS (
  SELECT v.oid, v.name, v.kind, v.owner, v.options, v.privileges, v.grantees, count(*) AS tables, min(t.name) AS example
  FROM relation v JOIN reads ON reads.view = v.oid JOIN relation t ON t.oid = reads.relation
  WHERE t.kind IN ('r', 'p') AND (t.tenant_attnum IS NOT NULL OR t.of_tenant)
  GROUP BY v.oid, v.name, v.kind, v.owner, v.options, v.privileges, v.grantees
)`;
