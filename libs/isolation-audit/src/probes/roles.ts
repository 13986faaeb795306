import type { Probe } from '../probe.js';

/** What the application is, and what it could become. */
export const ROLE_PROBES: readonly Probe[] = [
  {
    id: 'reachable-power',
    hole: 3,
    severity: 'high',
    title: 'The application can become somebody whom row security does not bind',
    sql: `
SELECT 'role' AS type, quote_ident(r.rolname) AS name,
  format('The application is, or may act as, a role with %s.', power.words) AS what,
  CASE WHEN r.rolname ~ '^pg_' THEN format('REVOKE %I FROM %s;', r.rolname, h.list)
    ELSE format('ALTER ROLE %I NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION; -- or take the membership in it away', r.rolname) END AS mend,
  CASE WHEN r.rolsuper OR r.rolbypassrls OR r.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
    THEN 'critical' END AS severity
FROM grantee g JOIN pg_roles r ON r.oid = g.oid LEFT JOIN holder h ON h.roleid = r.oid
CROSS JOIN LATERAL (
  SELECT concat_ws(', ', CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END,
    CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END,
    CASE WHEN r.rolname ~ '^pg_' THEN format('the powers of %s', r.rolname) END) AS words
) power
WHERE power.words <> '' AND r.rolname NOT IN ('pg_monitor', 'pg_read_all_stats')`,
  },
  {
    id: 'app-owns-objects',
    hole: 15,
    severity: 'high',
    title: 'The application can act as an owner',
    sql: `
SELECT 'role' AS type, quote_ident(r.rolname) AS name,
  format('RESET ROLE and DISCARD ALL fall back to the login, so it counts what that one is: it owns %s (%s in all), and can change or drop them.',
    min(owned.words), count(*)) AS what,
  format('REASSIGN OWNED BY %I TO …; -- a role that the application''s login is no member of', r.rolname) AS mend
FROM grantee g JOIN pg_roles r ON r.oid = g.oid
JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype = 'o'
  AND (d.dbid = 0 OR d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()))
CROSS JOIN LATERAL (SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS words) owned
WHERE NOT (d.classid = 'pg_class'::regclass AND EXISTS (
    SELECT FROM relation t WHERE t.oid = d.objid AND t.kind IN ('r', 'p') AND (t.tenant_attnum IS NOT NULL OR t.of_tenant)))
  AND (d.classid <> 'pg_database'::regclass OR d.objid = (SELECT oid FROM pg_database WHERE datname = current_database()))
GROUP BY r.rolname`,
  },
  {
    id: 'no-bound-login',
    hole: 15,
    severity: 'critical',
    title: 'No login is bound by row security',
    sql: `
SELECT 'database' AS type, quote_ident(current_database()) AS name,
  'No login that is not a superuser can read tables here, so the application must be one, and no policy holds for it.' AS what,
  'CREATE ROLE app LOGIN NOINHERIT; GRANT … ON … TO app; -- and let the application use it' AS mend
FROM scope WHERE scope.app = '{}'`,
  },
  {
    id: 'statistics-of-others',
    hole: 34,
    severity: 'medium',
    title: 'The application sees what others are running',
    sql: `
SELECT 'role' AS type, quote_ident(r.rolname) AS name,
  'pg_stat_activity and pg_stat_statements show the statements of all logins, with every value that was not a bound parameter.' AS what,
  format('REVOKE %I FROM %s;', r.rolname, h.list) AS mend
FROM grantee g JOIN pg_roles r ON r.oid = g.oid JOIN holder h ON h.roleid = r.oid WHERE r.rolname IN ('pg_monitor', 'pg_read_all_stats')`,
  },
  {
    id: 'context-preset',
    hole: 12,
    severity: 'critical',
    title: 'Sessions begin with a tenant',
    sql: `
SELECT 'setting' AS type, concat_ws(' ', c.name, 'of', coalesce(quote_ident(r.rolname), 'every role')) AS name,
  'Each new session is in a tenant''s context before anybody has said which: whatever forgets to set it works on that tenant.' AS what,
  CASE WHEN r.rolname IS NULL THEN format('ALTER DATABASE %I RESET %s;', current_database(), c.name)
    ELSE format('ALTER ROLE %I RESET %s;', r.rolname, c.name) END AS mend
FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) line JOIN context_setting c ON line LIKE c.name || '=_%'
LEFT JOIN pg_roles r ON r.oid = s.setrole
WHERE (s.setrole IN (SELECT oid FROM grantee)) AND (s.setdatabase = 0 OR s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
  },
  {
    id: 'left-in-transaction',
    hole: 13,
    severity: 'high',
    title: 'A session of the application stands in a transaction and does nothing',
    sql: `
SELECT 'session' AS type, format('%I, application_name %s', r.rolname, coalesce(quote_literal(a.application_name), 'none')) AS name,
  format('%s of them. A connection that went back to its pool like this gives its next borrower the tenant of the last.', count(*)) AS what,
  'ALTER ROLE … SET idle_in_transaction_session_timeout = ''30s''; -- and roll back, or close, what a failed handler returns' AS mend
FROM pg_stat_activity a JOIN grantee g ON g.oid = a.usesysid JOIN pg_roles r ON r.oid = a.usesysid CROSS JOIN scope
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.state LIKE 'idle in transaction%'
  AND a.state_change < clock_timestamp() - (scope.settings->>'idleInTransactionMs')::int * interval '1 millisecond'
GROUP BY r.rolname, a.application_name`,
  },
];
