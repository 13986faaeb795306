import type { SqlExecutor } from '@tenantry/database';
import { type AuditOptions, DEFAULT_OPTIONS, PATCHED_MINORS, UnusableAudit } from './audit-options.js';

/** Whom and what an audit is about. */
export interface Scope {
  readonly database: string;
  readonly serverVersion: string;
  /** The roles that serve, as they were named or found. */
  readonly appRoles: readonly string[];
  /** Whether they were found, not named. */
  readonly inferred: boolean;
  /** Every role that one of them is, or can act as. */
  readonly reach: readonly string[];
  /** The values of `SUBJECTS_SQL`. */
  readonly parameters: readonly unknown[];
}

/** The kit's groups of logins that serve. */
const KIT_GROUPS = ['tenantry_app', 'tenantry_dedicated'];

/** The grantee that everybody is. */
const PUBLIC = 0;

const SERVER = `
SELECT current_database() AS database, current_setting('server_version') AS version,
  to_regprocedure('tenantry.current_tenant()') IS NOT NULL AS kit,
  ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname = ANY ($1)) AS known`;

/** A membership of PostgreSQL 16 can be one that neither inherits nor may switch: it gives nothing. Who may give it to others administers. */
const MEMBERSHIP = `membership AS (
  SELECT m.member, m.roleid, m.admin_option FROM pg_auth_members m
  WHERE coalesce((to_jsonb(m)->>'set_option')::boolean, true) OR coalesce((to_jsonb(m)->>'inherit_option')::boolean, true)
)`;

/** The roles named, the logins that come in through them, and whatever all of those can act as. */
const REACH = `
WITH RECURSIVE ${MEMBERSHIP},
named AS (SELECT oid FROM pg_roles WHERE rolname = ANY ($1)),
below AS (
  SELECT oid, NULL::oid AS login FROM named
  UNION
  SELECT m.member, r.oid FROM below b JOIN membership m ON m.roleid = b.oid
  LEFT JOIN pg_roles r ON r.oid = m.member AND r.rolcanlogin
  WHERE b.login IS NULL AND NOT m.admin_option
),
login AS (
  SELECT r.oid FROM below b JOIN pg_roles r ON r.oid = b.oid
  WHERE r.rolcanlogin AND NOT r.rolsuper AND has_database_privilege(r.oid, current_database(), 'CONNECT')
),
reach AS (
  SELECT oid FROM named UNION SELECT oid FROM login UNION SELECT m.roleid FROM reach c JOIN membership m ON m.member = c.oid
)
SELECT r.oid, r.rolname::text AS name FROM reach JOIN pg_roles r ON r.oid = reach.oid ORDER BY 2`;

/** Logins that reach tables; who owns some is taken for one that migrates when others are left. */
const SERVING = `
WITH candidate AS (
  SELECT r.rolname::text AS name, EXISTS (
      SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_has_role(r.oid, c.relowner, 'MEMBER')
    ) AS owner
  FROM pg_roles r
  WHERE r.rolcanlogin AND NOT r.rolsuper AND r.rolname !~ '^pg_' AND has_database_privilege(r.oid, current_database(), 'CONNECT')
    AND EXISTS (
      SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE'))
)
SELECT name FROM candidate c WHERE NOT owner OR NOT EXISTS (SELECT FROM candidate WHERE NOT owner) ORDER BY 1`;

/** @throws UnusableAudit when a role that was named is not there, or a pattern cannot be read. */
export async function scopeOf(sql: SqlExecutor, options: AuditOptions): Promise<Scope> {
  const settings = { ...DEFAULT_OPTIONS, ...options };
  await refusePattern(sql, settings.tenantSchemas);
  const wanted = options.appRoles ?? KIT_GROUPS;
  const [server] = await sql.query<{ database: string; version: string; kit: boolean; known: string[] }>(
    SERVER,
    [wanted],
  );
  const { database, version, kit, known } = server!;
  const unknown = wanted.filter((name) => !known.includes(name));
  if (options.appRoles && unknown.length > 0)
    throw new UnusableAudit(`there is no role ${unknown.join(', ')} on this server`);
  const named = options.appRoles !== undefined || kit;
  const appRoles = named ? known : (await sql.query<{ name: string }>(SERVING)).map(({ name }) => name);
  const reach = await sql.query<{ oid: number; name: string }>(REACH, [appRoles]);
  return {
    database,
    serverVersion: version,
    appRoles,
    inferred: !named,
    reach: reach.map(({ name }) => name),
    parameters: [
      [...reach.map(({ oid }) => oid), PUBLIC],
      settings.tenantColumns,
      settings.globalTables,
      settings.tenantSchemas,
      JSON.stringify({
        idleInTransactionMs: settings.idleInTransactionMs,
        patched: { ...PATCHED_MINORS, ...options.minimumMinors },
      }),
    ],
  };
}

async function refusePattern(sql: SqlExecutor, pattern: string): Promise<void> {
  const [judged] = await sql.query<{ widest: boolean }>(`SELECT 'pg_catalog' ~ $1 AS widest`, [pattern]);
  if (judged?.widest)
    throw new UnusableAudit("the pattern of tenants' schemas fits every schema, pg_catalog too");
}
