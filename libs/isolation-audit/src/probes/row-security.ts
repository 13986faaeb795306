import type { Probe } from '../probe.js';

/** Whether each table that holds tenants' rows is under row security, for its owner and for its parts too. */
export const ROW_SECURITY_PROBES: readonly Probe[] = [
  {
    id: 'rls-off',
    hole: 1,
    severity: 'critical',
    title: 'Row security is off for a table that holds many tenants',
    sql: `
SELECT 'table' AS type, t.name,
  CASE WHEN t.privileges = '{}' THEN 'Nobody who serves reaches it today; whoever is granted it tomorrow reads every tenant''s rows.'
    ELSE 'Every query of the application reads and changes every tenant''s rows, unless it remembers to filter.' END AS what,
  format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY; ALTER TABLE %1$s FORCE ROW LEVEL SECURITY; -- and a policy on %I', t.name, t.tenant_column) AS mend,
  CASE WHEN t.privileges = '{}' THEN 'low' END AS severity
FROM tenant_table t
WHERE NOT t.secured AND NOT t.is_child
  -- Who keeps the fence cannot stand behind it: the kit's own tables are closed to those who serve.
  AND NOT (t.schema = 'tenantry' AND t.privileges = '{}')`,
  },
  {
    id: 'undeclared-table',
    hole: 1,
    severity: 'medium',
    title: 'A table has no tenant column and is not declared global',
    sql: `
SELECT 'table' AS type, r.name,
  'The application reaches it, and nothing says whether its rows are everybody''s or somebody''s.' AS what,
  format('-- add a tenant column to %s, or declare it global', r.name) AS mend
FROM relation r, scope
WHERE r.kind IN ('r', 'p') AND r.tenant_attnum IS NULL AND NOT r.of_tenant AND NOT r.is_child AND r.privileges <> '{}'
  AND NOT (r.bare::text = ANY (scope.global_tables) OR format('%s.%s', r.schema, r.bare) = ANY (scope.global_tables))`,
  },
  {
    id: 'rls-not-forced',
    hole: 2,
    severity: 'high',
    title: 'Row security does not bind the owner of the table',
    sql: `
SELECT 'table' AS type, t.name,
  format('Whatever runs as its owner, %I, reads every tenant: migrations, jobs, views and functions with the owner''s rights.', o.rolname) AS what,
  format('ALTER TABLE %s FORCE ROW LEVEL SECURITY;', t.name) AS mend
FROM tenant_table t JOIN pg_roles o ON o.oid = t.owner
WHERE t.secured AND NOT t.forced`,
  },
  {
    id: 'app-owns-table',
    hole: 2,
    severity: 'critical',
    title: 'The application can act as the owner of a table',
    sql: `
SELECT 'table' AS type, r.name,
  format('As %I the application can switch row security off, drop the policy, or give the table away.', o.rolname) AS what,
  format('ALTER TABLE %s OWNER TO …; -- a role that the application''s login is no member of', r.name) AS mend
FROM relation r JOIN pg_roles o ON o.oid = r.owner JOIN grantee g ON g.oid = r.owner
WHERE r.kind IN ('r', 'p') AND (r.tenant_attnum IS NOT NULL OR r.of_tenant)`,
  },
  {
    id: 'partition-open',
    hole: 17,
    severity: 'critical',
    title: 'A part of a table can be read by its own name, without the row security of the whole',
    sql: `
SELECT 'table' AS type, c.name,
  format('Policies of %s do not hold for whoever names this part of it.', p.name) AS what,
  format('REVOKE ALL ON %s FROM %s; -- or row security and a policy of its own', c.name, c.grantees) AS mend
FROM pg_inherits i JOIN relation c ON c.oid = i.inhrelid JOIN relation p ON p.oid = i.inhparent
WHERE p.tenant_attnum IS NOT NULL AND NOT c.secured AND c.privileges && ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']`,
  },
  {
    id: 'guard-missing',
    hole: 37,
    severity: 'high',
    title: "A tenant's own schema has tables that open without that tenant's context",
    sql: `
SELECT 'schema' AS type, r.schema AS name,
  format('After RESET ROLE, SET ROLE or a name with a schema, another tenant''s transaction reaches %s of its tables, %s first.', count(*), min(r.name)) AS what,
  (array_agg(concat_ws(' ',
      CASE WHEN NOT r.secured THEN format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY;', r.name) END,
      CASE WHEN NOT r.forced THEN format('ALTER TABLE %s FORCE ROW LEVEL SECURITY;', r.name) END,
      CASE WHEN guard.polrelid IS NULL THEN format('DROP POLICY IF EXISTS guard ON %s; CREATE POLICY guard ON %1$s USING ((SELECT %s) = %L);', r.name,
        coalesce((SELECT f.name FROM policy_function f WHERE f.arguments = 0 ORDER BY f.name LIMIT 1), '…'), coalesce(own.tenant, '…')) END)
    ORDER BY r.name))[1] || CASE WHEN count(*) > 1 THEN ' -- and the others' ELSE '' END AS mend
FROM relation r
CROSS JOIN LATERAL (
  SELECT CASE WHEN r.schema ~ '^t_[0-9a-f]{32}_' THEN substr(r.schema, 3, 32)::uuid::text END AS tenant
) own
LEFT JOIN (
  SELECT DISTINCT p.polrelid
  FROM policy p JOIN relation o ON o.oid = p.polrelid
  CROSS JOIN LATERAL (SELECT CASE WHEN o.schema ~ '^t_[0-9a-f]{32}_' THEN substr(o.schema, 3, 32)::uuid::text END AS tenant) own
  WHERE o.of_tenant AND p.command = '*' AND NOT p.reads_anything AND NOT p.writes_anything
    AND (own.tenant IS NULL OR position(own.tenant IN p.reads) > 0 AND position(own.tenant IN p.writes) > 0)
) guard ON guard.polrelid = r.oid
WHERE r.of_tenant AND r.kind IN ('r', 'p') AND r.privileges <> '{}' AND NOT (r.secured AND r.forced AND guard.polrelid IS NOT NULL)
GROUP BY r.schema, own.tenant`,
  },
];
