import { TENANT_SCHEMA_PATTERN } from '@tenantry/contracts';
import {
  ensureLogin,
  groupRoleSql,
  judgeLogin,
  pgExecutor,
  type DatabaseLogin,
  type LoginGroup,
  type SqlExecutor,
} from '@tenantry/database';
import { escapeIdentifier, type Client } from 'pg';
import { readMarker } from '../orphans/object-marker.js';

/** Reaches tenants' rows across tenants, through recorded actions only; owns nothing, and cannot serve. */
export const SUPPORT_ROLE = 'tenantry_support';

/** A subquery: support's logins of this service, which may connect to its database, quoted and with commas; null when there are none. */
export const SUPPORT_LOGINS = `SELECT string_agg(quote_ident(l.rolname), ', ') FROM pg_auth_members m JOIN pg_roles l ON l.oid = m.member
  WHERE m.roleid = to_regrole('${SUPPORT_ROLE}')::oid AND l.rolcanlogin AND has_database_privilege(l.oid, current_database(), 'CONNECT')`;

const SUPPORT_GROUP: LoginGroup = { name: SUPPORT_ROLE };

/**
 * Makes the group of support's logins, and the login if there is to be one.
 *
 * @throws UnfitLogin when the login is, or could become, more than a member of the group; before anything is changed.
 */
export async function ensureSupportRole(client: Client, login: DatabaseLogin | undefined): Promise<void> {
  const sql = pgExecutor(client);
  if (login) await judgeLogin(sql, login.name, SUPPORT_GROUP);
  await sql.query(groupRoleSql(SUPPORT_ROLE));
  if (!login) return;
  await ensureLogin(sql, login, SUPPORT_GROUP);
  await admitToTenantDatabases(sql, login.name);
}

/** Lets support into the databases of their own that tenants of this service have on this server already; later ones let it in when they are made. */
async function admitToTenantDatabases(sql: SqlExecutor, login: string): Promise<void> {
  const databases = await sql.query<{ name: string; comment: string | null; here: string }>(
    `SELECT datname::text AS name, shobj_description(oid, 'pg_database') AS comment, current_database()::text AS here
     FROM pg_database WHERE datname ~ $1 AND datallowconn AND NOT has_database_privilege($2, oid, 'CONNECT')`,
    [TENANT_SCHEMA_PATTERN, login],
  );
  for (const { name, comment, here } of databases)
    if (readMarker(comment)?.database === here)
      await sql.query(`GRANT CONNECT ON DATABASE ${escapeIdentifier(name)} TO ${escapeIdentifier(login)}`);
}

/** Says in whose name what support does in this database is told to the control plane; to be run after the kit's migrations. */
export async function tellSupportAudit(client: Client, participant: string): Promise<void> {
  await client.query(
    `INSERT INTO tenantry.support_audit (participant) VALUES ($1)
     ON CONFLICT ON CONSTRAINT support_audit_pkey DO UPDATE SET participant = excluded.participant
       WHERE support_audit.participant <> excluded.participant`,
    [participant],
  );
}
