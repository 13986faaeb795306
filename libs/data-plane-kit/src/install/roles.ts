import { TENANT_SCHEMA_PATTERN } from '@tenantry/contracts';
import {
  ensureLogin,
  groupRoleSql,
  joinRoles,
  judgeLogin,
  pgExecutor,
  withoutRaces,
  type DatabaseLogin,
  type LoginGroup,
} from '@tenantry/database';
import type { Client } from 'pg';

/** Owns the kit's tables and functions; nobody logs in as it. */
export const KIT_ROLE = 'tenantry_kit';
/** Serves: may open a tenant's context, owns nothing. */
export const APP_ROLE = 'tenantry_app';
/** Serves one tenant in its own database: what its login inherits has rights inside such databases only. */
export const DEDICATED_ROLE = 'tenantry_dedicated';
/** Provisions and purges: creates schemas, databases and roles, owns the tenants' tables. */
export const PROVISIONER_ROLE = 'tenantry_provisioner';

/** Through their groups, logins reach the roles of tenants' schemas: to serve them, or because the provisioner made them. */
const APP_GROUP: LoginGroup = { name: APP_ROLE, brings: TENANT_SCHEMA_PATTERN };
const PROVISIONER_GROUP: LoginGroup = {
  name: PROVISIONER_ROLE,
  brings: `${TENANT_SCHEMA_PATTERN}|^${DEDICATED_ROLE}$`,
  createsDatabases: true,
};

const LET_PROVISIONER_CREATE_ROLES = `DO $kit$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${PROVISIONER_ROLE}' AND rolcreaterole) THEN
    ALTER ROLE ${PROVISIONER_ROLE} CREATEROLE;
  END IF;
END $kit$`;

/** The provisioner makes the tenants' logins members of their group, and is none itself but in name. */
const LET_PROVISIONER_GIVE = `DO $kit$ BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_auth_members
    WHERE roleid = '${DEDICATED_ROLE}'::regrole AND member = '${PROVISIONER_ROLE}'::regrole AND admin_option
  ) THEN
    GRANT ${DEDICATED_ROLE} TO ${PROVISIONER_ROLE} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
  END IF;
END $kit$`;

/**
 * Makes the group roles and the two logins. Roles are shared by the whole server, on which other databases may be
 * installed at this moment: what another one did first is fine, and a row changed under us is tried again.
 *
 * @throws UnfitLogin when one of the logins is, or could become, more than it is to be; before anything is changed.
 */
export async function ensureRoles(
  client: Client,
  app: DatabaseLogin,
  provisioner: DatabaseLogin,
): Promise<void> {
  if (app.name === provisioner.name)
    throw new Error(`The login ${app.name} is to serve and to provision. Use two logins.`);
  const sql = pgExecutor(client);
  await judgeLogin(sql, app.name, APP_GROUP);
  await judgeLogin(sql, provisioner.name, PROVISIONER_GROUP);
  for (const role of [KIT_ROLE, APP_ROLE, DEDICATED_ROLE, PROVISIONER_ROLE])
    await sql.query(groupRoleSql(role));
  await withoutRaces(() => sql.query(LET_PROVISIONER_CREATE_ROLES));
  await withoutRaces(() => sql.query(LET_PROVISIONER_GIVE));
  await joinRoles(sql, [KIT_ROLE, PROVISIONER_ROLE]);
  await ensureLogin(sql, app, APP_GROUP);
  await ensureLogin(sql, provisioner, PROVISIONER_GROUP);
}
