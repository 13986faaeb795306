import { ensureLogin, groupRoleSql, loginOf, migrate, pgExecutor, type DatabaseLogin } from '@tenantry/database';
import { putTransportLoginTx } from '@tenantry/messaging';
import { Client, escapeIdentifier } from 'pg';
import { CONTROL_PLANE_MIGRATIONS } from '../migrations/index.js';

/** Owns everything in the schema `tenantry`; nobody logs in as it. */
const OWNER_ROLE = 'tenantry_owner';
/** What the control plane's login is a member of: it may use, and owns nothing. */
const SERVICE_ROLE = 'tenantry_control';
/** What a participant's login of the embedded transport is a member of: it may call the port's functions. */
const PARTICIPANT_ROLE = 'tenantry_participant';

export interface ControlPlaneInstallation {
  /** Of a login that may create roles, and objects in the database. */
  readonly adminUrl: string;
  /** The login that the service will use. */
  readonly service: DatabaseLogin;
  /** Logins of the embedded transport, by participant. */
  readonly participants?: Readonly<Record<string, DatabaseLogin>>;
}

/** Installs or upgrades a control plane's database: roles, tables, logins. Idempotent. @returns the migrations applied now. */
export async function migrateControlPlane(installation: ControlPlaneInstallation): Promise<string[]> {
  const { adminUrl, service, participants = {} } = installation;
  const client = new Client({ connectionString: adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await prepare(client);
    const applied = await migrate(asOwner(adminUrl), CONTROL_PLANE_MIGRATIONS);
    await ensureLogin(client, service, SERVICE_ROLE);
    for (const [participant, { name, password }] of Object.entries(participants)) {
      await putTransportLoginTx(pgExecutor(client), { login: name, password, participant });
    }
    await refuseMighty(client, service.name);
    return applied;
  } finally {
    await client.end();
  }
}

/** Roles, and a database that is open to nobody but them. */
async function prepare(client: Client): Promise<void> {
  for (const role of [OWNER_ROLE, SERVICE_ROLE, PARTICIPANT_ROLE]) await client.query(groupRoleSql(role));
  const { rows } = await client.query<{ database: string; superuser: boolean }>(
    'SELECT current_database() AS database, rolsuper AS superuser FROM pg_roles WHERE rolname = current_user',
  );
  const [row] = rows;
  if (!row) throw new Error('the database does not know the current user');
  if (!row.superuser) await client.query(`GRANT ${OWNER_ROLE} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE`);
  const database = escapeIdentifier(row.database);
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  await client.query(`GRANT CONNECT, CREATE ON DATABASE ${database} TO ${OWNER_ROLE}`);
  await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${SERVICE_ROLE}, ${PARTICIPANT_ROLE}`);
}

/** The same login, acting as the owner from the first statement on, so that what it creates is the owner's. */
function asOwner(adminUrl: string): string {
  const url = new URL(adminUrl);
  const options = url.searchParams.get('options');
  url.searchParams.set('options', `${options ? `${options} ` : ''}-c role=${OWNER_ROLE}`);
  return url.href;
}

async function refuseMighty(client: Client, login: string): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_roles WHERE rolname = $1 AND (rolsuper OR rolbypassrls OR rolcreaterole OR pg_has_role(rolname, $2, 'MEMBER'))`,
    [login, OWNER_ROLE],
  );
  if (rowCount) throw new Error(`The login ${login} of DATABASE_URL is an administrator's. Give the service a login of its own.`);
}

/** The participants' logins from `name=url` texts. */
export function participantLogins(texts: readonly string[]): Record<string, DatabaseLogin> {
  return Object.fromEntries(
    texts.map((text) => {
      const split = text.indexOf('=');
      return [text.slice(0, split), loginOf(text.slice(split + 1))];
    }),
  );
}
