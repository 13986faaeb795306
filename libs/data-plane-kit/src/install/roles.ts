import { groupRoleSql } from '@tenantry/database';
import { type Client, DatabaseError, escapeIdentifier, escapeLiteral } from 'pg';
import type { DatabaseLogin } from './database-login.js';

/** Owns the kit's tables and functions; nobody logs in as it. */
export const KIT_ROLE = 'tenantry_kit';
/** Serves: may open a tenant's context, owns nothing. */
export const APP_ROLE = 'tenantry_app';
/** Provisions and purges: creates schemas and roles, owns the tenants' tables. */
export const PROVISIONER_ROLE = 'tenantry_provisioner';

/**
 * Makes the group roles and the two logins. Roles are shared by the whole server, on which other databases may be
 * installed at this moment: what another one did first is fine, and a row changed under us is tried again.
 *
 * @throws Error when the serving login could walk past row security.
 */
export async function ensureRoles(
  client: Client,
  app: DatabaseLogin,
  provisioner: DatabaseLogin,
): Promise<void> {
  for (const role of [KIT_ROLE, APP_ROLE, PROVISIONER_ROLE]) await client.query(groupRoleSql(role));
  await retried(
    client,
    `${unless(`rolname = '${PROVISIONER_ROLE}' AND rolcreaterole`)} ALTER ROLE ${PROVISIONER_ROLE} CREATEROLE; ${end}`,
  );
  await letAdministratorAct(client);
  if (app.name === provisioner.name)
    throw new Error(`The login ${app.name} is to serve and to provision. Use two logins.`);
  // Before anything is granted to it.
  await refuseMighty(client, app.name);
  await ensureLogin(client, app, APP_ROLE);
  await ensureLogin(client, provisioner, PROVISIONER_ROLE);
}

/** The login is a member of one group only, and nothing else comes to it by inheritance. */
async function ensureLogin(client: Client, { name, password }: DatabaseLogin, group: string): Promise<void> {
  const login = escapeIdentifier(name);
  await retried(
    client,
    `${unless(`rolname = ${escapeLiteral(name)}`)} CREATE ROLE ${login} LOGIN NOINHERIT; ${end}`,
  );
  await retried(client, `ALTER ROLE ${login} LOGIN PASSWORD ${escapeLiteral(password)}`);
  await retried(client, `GRANT ${group} TO ${login} WITH INHERIT TRUE, SET TRUE`);
}

/** An administrator who is no superuser must be a member of the roles whose objects it makes. */
async function letAdministratorAct(client: Client): Promise<void> {
  const { rows } = await client.query<{ superuser: boolean }>(
    'SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user',
  );
  if (rows[0]?.superuser) return;
  for (const role of [KIT_ROLE, PROVISIONER_ROLE])
    await retried(client, `GRANT ${role} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE`);
}

async function refuseMighty(client: Client, login: string): Promise<void> {
  // By oid: Postgres may ask for rows of roles that another database is dropping at this moment, which by name would be an error.
  const { rowCount } = await client.query(
    `SELECT FROM pg_roles WHERE rolname = $1 AND (rolsuper OR rolbypassrls OR rolcreaterole OR pg_has_role(oid, $2, 'MEMBER'))`,
    [login, PROVISIONER_ROLE],
  );
  if (rowCount) {
    throw new Error(
      `The login ${login} is to serve requests, but it is a superuser, bypasses row security, creates roles or may provision. Use a login of its own.`,
    );
  }
}

const end = 'END IF; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $kit$;';
function unless(condition: string): string {
  return `DO $kit$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE ${condition}) THEN`;
}

const ATTEMPTS = 20;
/** `tuple concurrently updated`: two sessions changed the same role at once. */
const CONCURRENTLY_UPDATED = 'XX000';
const UNIQUE_VIOLATION = '23505';

async function retried(client: Client, sql: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(sql);
      return;
    } catch (error) {
      const raced =
        error instanceof DatabaseError && [CONCURRENTLY_UPDATED, UNIQUE_VIOLATION].includes(error.code ?? '');
      if (!raced || attempt === ATTEMPTS) throw error;
    }
  }
}
