import type { Probe } from '../probe.js';

/** What reads tenants' tables with somebody else's rights, or hands their rows on. */
export const VIEW_AND_FUNCTION_PROBES: readonly Probe[] = [
  {
    id: 'owner-rights-view',
    hole: 4,
    severity: 'medium',
    title: "A view reads tenants' tables with its owner's rights",
    sql: `
SELECT 'view' AS type, v.name,
  CASE WHEN o.rolsuper OR o.rolbypassrls THEN format('It reads %s as %I, whom no policy binds: every tenant''s rows.', v.example, o.rolname)
    ELSE format('It reads %s as %I: policies for the application''s roles do not hold, and one that the owner passes opens it.', v.example, o.rolname) END AS what,
  format('ALTER VIEW %s SET (security_invoker = true);', v.name) AS mend,
  CASE WHEN o.rolsuper OR o.rolbypassrls THEN 'critical' END AS severity
FROM tenant_view v JOIN pg_roles o ON o.oid = v.owner
WHERE v.kind = 'v' AND v.privileges <> '{}'
  AND NOT EXISTS (SELECT FROM unnest(v.options) o WHERE o ~* '^security_invoker=(true|on|yes|1)$')`,
  },
  {
    id: 'materialized-view',
    hole: 5,
    severity: 'critical',
    title: "The application reads a materialized view of tenants' tables",
    sql: `
SELECT 'materialized view' AS type, v.name,
  format('It is a copy of rows of %s, and no policy holds for it.', v.example) AS what,
  format('REVOKE ALL ON %s FROM %s; -- let them read a table with a tenant column and a policy instead', v.name, v.grantees) AS mend
FROM tenant_view v WHERE v.kind = 'm' AND v.privileges <> '{}'`,
  },
  {
    id: 'definer-function',
    hole: 6,
    severity: 'high',
    title:
      "The application may call a function that works with the rights of somebody who reaches tenants' tables",
    sql: `
SELECT 'function' AS type, f.name,
  format('It runs as %I%s, whatever the caller''s context; what it returns or writes is in nobody''s policy.', o.rolname,
    CASE WHEN o.rolsuper OR o.rolbypassrls THEN ', whom no policy binds' ELSE '' END) AS what,
  format('ALTER FUNCTION %s SECURITY INVOKER; -- or REVOKE EXECUTE ON FUNCTION %1$s FROM PUBLIC', f.name) AS mend,
  CASE WHEN NOT (o.rolsuper OR o.rolbypassrls) THEN 'medium' END AS severity
FROM routine f JOIN pg_roles o ON o.oid = f.owner
WHERE f.definer AND f.callable AND NOT f.is_trigger
  AND (o.rolsuper OR o.rolbypassrls OR EXISTS (
    SELECT FROM relation t
    WHERE t.kind IN ('r', 'p') AND (t.tenant_attnum IS NOT NULL OR t.of_tenant) AND t.schema <> 'tenantry'
      AND has_table_privilege(f.owner, t.oid, 'SELECT, INSERT, UPDATE, DELETE')))`,
  },
  {
    id: 'definer-search-path',
    hole: 7,
    severity: 'high',
    title: 'A function with foreign rights looks names up where the caller can put things',
    sql: `
SELECT 'function' AS type, f.name,
  CASE WHEN path.setting IS NULL THEN 'It has no search_path of its own: the caller''s decides which tables and functions its names mean.'
    WHEN path.writable IS NOT NULL THEN format('Its search_path holds %I, where the application may create what its names then mean.', path.writable)
    ELSE 'Its search_path does not end with pg_temp, which is then searched first: a temporary table of the caller takes the place of a real one.' END AS what,
  format('ALTER FUNCTION %s SET search_path = pg_catalog, …, pg_temp;', f.name) AS mend
FROM routine f
CROSS JOIN LATERAL (
  SELECT min(s.setting) AS setting, min(n.name) AS writable
  FROM (SELECT substr(c, 13) AS setting FROM unnest(f.config) c WHERE c LIKE 'search_path=%') s
  CROSS JOIN LATERAL unnest(string_to_array(replace(s.setting, '"', ''), ',')) part
  LEFT JOIN namespace n ON n.name = trim(part) AND n.creatable
) path
WHERE f.definer AND (f.callable OR f.is_trigger)
  AND (path.setting IS NULL OR path.setting !~ 'pg_temp"?\\s*$' OR path.writable IS NOT NULL)`,
  },
  {
    id: 'leakproof-function',
    hole: 24,
    severity: 'high',
    title: 'A function of your own claims to be leakproof',
    sql: `
SELECT 'function' AS type, f.name,
  'It is run on rows before the policy has refused them: an error, a notice or a timing tells of other tenants'' rows.' AS what,
  format('ALTER FUNCTION %s NOT LEAKPROOF;', f.name) AS mend
FROM routine f WHERE f.leakproof`,
  },
  {
    id: 'rows-in-notifications',
    hole: 30,
    severity: 'medium',
    title: 'A trigger sends whole rows by NOTIFY',
    sql: `
SELECT 'function' AS type, f.name,
  'Every login of the database may LISTEN, whatever its tenant: notifications must carry ids only.' AS what,
  format('-- let %s send the id of the row and nothing else', f.name) AS mend
FROM routine f
WHERE f.source ~* 'notify' AND f.source ~* '(row_to_json|to_jsonb?|json_build_object|hstore)\\s*[(]\\s*(new|old)\\M'`,
  },
  {
    id: 'lock-before-snapshot',
    hole: 36,
    severity: 'high',
    title: 'A function that waits for a lock reads what was true before the wait',
    sql: `
SELECT 'function' AS type, f.name,
  CASE WHEN f.volatility <> 'v' THEN 'It is not VOLATILE, so it reads with the snapshot of its caller, older than the lock: a fence that was closed meanwhile looks open.'
    ELSE 'Lock and read are one SQL statement with one snapshot, older than the lock: a fence that was closed meanwhile looks open.' END AS what,
  format('ALTER FUNCTION %s VOLATILE; -- in plpgsql, with the read in a statement of its own after the lock', f.name) AS mend
FROM routine f
WHERE f.source ~* 'pg_(try_)?advisory_(xact_)?lock' AND (f.volatility <> 'v' OR f.language = 'sql' AND f.source ~* '\\mfrom\\M')`,
  },
];
