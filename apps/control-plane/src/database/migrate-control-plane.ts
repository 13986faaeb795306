import {
  advisoryLocksClosed,
  databaseClosed,
  ensureLogin,
  groupRoleSql,
  joinRoles,
  judgeLogin,
  LARGE_OBJECTS_CLOSED,
  loginOf,
  migrate,
  pgExecutor,
  protect,
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
export const SERVICE_GROUP: LoginGroup = { name: 'tenantry_control' };

const GROUPS = [OWNER_ROLE, SERVICE_GROUP.name, TRANSPORT_GROUP.name];

/** Without the first, any participant could hold up every migration for as long as it likes. */
const PROTECTIONS = [
  advisoryLocksClosed(`GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO ${OWNER_ROLE};`),
  LARGE_OBJECTS_CLOSED,
  databaseClosed(GROUPS),
];

export interface ControlPlaneInstallation {
  /** A superuser's, or one of a login that owns the database and may create roles; the report then says what is missing. */
  readonly adminUrl: string;
  /** The login that the service will use. */
  readonly service: DatabaseLogin;
  /** Logins of the embedded transport, by participant. */
  readonly participants?: Readonly<Record<string, DatabaseLogin>>;
}

export interface ControlPlaneReport {
  /** The migrations applied now. */
  readonly applied: readonly string[];
  /** Protections that this administrator was not allowed to set up, in words. */
  readonly warnings: readonly string[];
}

/**
 * Installs or upgrades a control plane's database: roles, tables, logins. Idempotent.
 *
 * @throws UnfitLogin, before anything is changed, when one of the logins is there and
 * is, or could become, more than a member of its group.
 */
export async function migrateControlPlane(
  installation: ControlPlaneInstallation,
): Promise<ControlPlaneReport> {
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
    return { applied, warnings: await protect(sql, PROTECTIONS) };
  } finally {
    await client.end();
  }
}

async function makeRoles(sql: SqlExecutor): Promise<void> {
  for (const role of GROUPS) await sql.query(groupRoleSql(role));
  await joinRoles(sql, [OWNER_ROLE]);
  const [row] = await sql.query<{ name: string }>('SELECT quote_ident(current_database()) AS name');
  await withoutRaces(() => sql.query(`GRANT CREATE ON DATABASE ${row!.name} TO ${OWNER_ROLE}`));
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
