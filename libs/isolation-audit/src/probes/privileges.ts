import type { Probe } from '../probe.js';

/** What was granted, or is everybody's by default, and should not be. */
export const PRIVILEGE_PROBES: readonly Probe[] = [
  {
    id: 'beyond-rows',
    hole: 20,
    severity: 'high',
    title: 'The application holds privileges that row security does not know',
    sql: `
SELECT 'table' AS type, t.name,
  format('%s: TRUNCATE empties the table for all tenants, REFERENCES and TRIGGER let others'' rows be seen as they are written.', held.list) AS what,
  format('REVOKE %s ON %s FROM %s;', held.list, t.name, t.grantees) AS mend
FROM relation t
CROSS JOIN LATERAL (
  SELECT string_agg(p, ', ') AS list FROM unnest(t.privileges) p WHERE p IN ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')
) held
WHERE t.kind IN ('r', 'p') AND (t.tenant_attnum IS NOT NULL OR t.of_tenant) AND held.list IS NOT NULL
  AND t.owner NOT IN (SELECT oid FROM grantee)`,
  },
  {
    id: 'sequence-readable',
    hole: 21,
    severity: 'low',
    title: 'The application reads how far a sequence has come',
    sql: `
SELECT 'sequence' AS type, format('%I.%I', n.name, c.relname) AS name,
  'last_value tells how many rows all tenants have made, and how fast.' AS what,
  format('REVOKE SELECT ON SEQUENCE %I.%I FROM %s; -- USAGE is enough to insert', n.name, c.relname, held.list) AS mend
FROM pg_class c JOIN namespace n ON n.oid = c.relnamespace AND n.usable
CROSS JOIN LATERAL (
  SELECT string_agg(coalesce(quote_ident(r.rolname), 'PUBLIC'), ', ') AS list
  FROM aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE a.grantee = ANY ($1) AND a.privilege_type = 'SELECT'
) held
WHERE c.relkind = 'S' AND NOT n.of_tenant AND c.relowner NOT IN (SELECT oid FROM grantee) AND held.list IS NOT NULL`,
  },
  {
    id: 'serial-ids',
    hole: 21,
    severity: 'low',
    title: "Ids are numbers that all tenants' rows share",
    sql: `
SELECT 'column' AS type, format('%s.%I', t.name, a.attname) AS name,
  'Whoever sees two of its own ids knows how many rows all tenants made in between.' AS what,
  format('-- make ids of %s in the application (uuid), or keep this one inside', t.name) AS mend
FROM tenant_table t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
WHERE (a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) ~ 'nextval') AND NOT t.is_child
  AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisunique AND a.attnum = ANY (i.indkey::int2[]))`,
  },
  {
    id: 'database-open',
    hole: 28,
    severity: 'medium',
    title: 'Every login of the server may connect to the database',
    sql: `
SELECT 'database' AS type, quote_ident(d.datname) AS name,
  'A new database lets PUBLIC in: other services'' logins, and other tenants'', may connect and look around.' AS what,
  format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC; -- and let in by name the logins that belong here', d.datname) AS mend
FROM pg_database d CROSS JOIN scope
WHERE d.datallowconn AND (d.datname = current_database() OR d.datname ~ scope.tenant_schema)
  AND EXISTS (
    SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT')`,
  },
  {
    id: 'temporary-tables',
    hole: 32,
    severity: 'high',
    title: 'The application may make temporary tables',
    sql: `
SELECT 'database' AS type, quote_ident(d.datname) AS name,
  'A temporary table shadows a tenant''s table of the same name for the connection''s next borrower, whose rows land in it.' AS what,
  format('REVOKE TEMPORARY ON DATABASE %I FROM %s;', d.datname, held.list) AS mend
FROM pg_database d
CROSS JOIN LATERAL (
  SELECT string_agg(coalesce(quote_ident(r.rolname), 'PUBLIC'), ', ') AS list
  FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
  LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE a.grantee = ANY ($1) AND a.privilege_type = 'TEMPORARY'
) held
WHERE d.datname = current_database() AND held.list IS NOT NULL`,
  },
  {
    id: 'advisory-locks-open',
    hole: 33,
    severity: 'medium',
    title: 'The application may take advisory locks',
    sql: `
SELECT 'database' AS type, quote_ident(current_database()) AS name,
  format('%s functions are open to it: with them a session holds another tenant''s key, or fills the server''s lock table.', count(*)) AS what,
  'DO $$ DECLARE f regprocedure; BEGIN FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = ''pg_catalog''::regnamespace AND proname LIKE ''pg\\_%advisory%'' LOOP EXECUTE format(''REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC'', f); END LOOP; END $$; -- as a superuser' AS mend
FROM pg_proc p
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname LIKE 'pg\\_%advisory%'
  AND EXISTS (
    SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    WHERE a.grantee = ANY ($1) AND a.privilege_type = 'EXECUTE')
HAVING count(*) > 0`,
  },
  {
    id: 'global-table-writable',
    hole: 35,
    severity: 'medium',
    title: 'The application writes to a global table',
    sql: `
SELECT 'table' AS type, r.name,
  'A statement that lost its transaction, or its tenant, still writes there, for all tenants; no policy stops it.' AS what,
  format('REVOKE INSERT, UPDATE, DELETE ON %s FROM %s;', r.name, r.grantees) AS mend
FROM relation r, scope
WHERE r.kind IN ('r', 'p') AND r.tenant_attnum IS NULL AND NOT r.of_tenant
  AND r.privileges && ARRAY['INSERT', 'UPDATE', 'DELETE'] AND r.owner NOT IN (SELECT oid FROM grantee)
  AND (r.bare::text = ANY (scope.global_tables) OR format('%s.%s', r.schema, r.bare) = ANY (scope.global_tables))`,
  },
];
