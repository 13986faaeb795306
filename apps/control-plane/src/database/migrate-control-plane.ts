import {
  ensureLogin,
  groupRoleSql,
  joinRoles,
  judgeLogin,
  loginOf,
  migrate,
  pgExecutor,
  withoutRaces,
  type DatabaseLogin,
  type LoginGroup,
  type SqlExecutor,
} from '@tenantry/database';
import { putTransportLogin, TRANSPORT_GROUP } from '@tenantry/messaging';
import { Client } from 'pg';
import { CONTROL_PLANE_MIGRATIONS } from '../migrations/index.js';

/** Owns everything in the schema `tenantry`; nobody logs in as it. */
const OWNER_ROLE = 'tenantry_owner';
/** What the control plane's login is a member of: it may use, and owns nothing. */
const SERVICE_GROUP: LoginGroup = { name: 'tenantry_control' };

export interface ControlPlaneInstallation {
  /** Of a login that may create roles, and objects in the database. */
  readonly adminUrl: string;
  /** The login that the service will use. */
  readonly service: DatabaseLogin;
  /** Logins of the embedded transport, by participant. */
  readonly participants?: Readonly<Record<string, DatabaseLogin>>;
}

/**
 * Installs or upgrades a control plane's database: roles, tables, logins. Idempotent.
 *
 * @returns the migrations applied now. @throws UnfitLogin, before anything is changed, when one of the logins is there and
 * is, or could become, more than a member of its group.
 */
export async function migrateControlPlane(installation: ControlPlaneInstallation): Promise<string[]> {
  const { adminUrl, service, participants = {} } = installation;
  const client = new Client({ connectionString: adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const sql = pgExecutor(client);
    await judgeLogin(sql, service.name, SERVICE_GROUP);
    for (const { name } of Object.values(participants)) await judgeLogin(sql, name, TRANSPORT_GROUP);
    await makeRoles(sql);
    const applied = await migrate(asOwner(adminUrl), CONTROL_PLANE_MIGRATIONS);
    await ensureLogin(sql, service, SERVICE_GROUP);
    for (const [participant, { name, password }] of Object.entries(participants)) {
      await putTransportLogin(sql, { login: name, password, participant });
    }
    await closeDatabase(sql);
    return applied;
  } finally {
    await client.end();
  }
}

async function makeRoles(sql: SqlExecutor): Promise<void> {
  for (const role of [OWNER_ROLE, SERVICE_GROUP.name, TRANSPORT_GROUP.name])
    await sql.query(groupRoleSql(role));
  await joinRoles(sql, [OWNER_ROLE]);
  await withoutRaces(async () =>
    sql.query(`GRANT CREATE ON DATABASE ${await databaseOf(sql)} TO ${OWNER_ROLE}`),
  );
}

/** The groups have members that serve other databases of the server; this one's logins are let in one by one. */
async function closeDatabase(sql: SqlExecutor): Promise<void> {
  const groups = [OWNER_ROLE, SERVICE_GROUP.name, TRANSPORT_GROUP.name].join(', ');
  const database = await databaseOf(sql);
  await withoutRaces(() =>
    sql.query(
      `REVOKE ALL ON DATABASE ${database} FROM PUBLIC; REVOKE CONNECT ON DATABASE ${database} FROM ${groups}`,
    ),
  );
}

/** The database's name, quoted. */
async function databaseOf(sql: SqlExecutor): Promise<string> {
  const [row] = await sql.query<{ database: string }>('SELECT quote_ident(current_database()) AS database');
  return row!.database;
}

/** The same login, acting as the owner from the first statement on, so that what it creates is the owner's. */
function asOwner(adminUrl: string): string {
  const url = new URL(adminUrl);
  const options = url.searchParams.get('options');
  url.searchParams.set('options', `${options ? `${options} ` : ''}-c role=${OWNER_ROLE}`);
  return url.href;
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
