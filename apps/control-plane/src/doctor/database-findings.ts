import { judgeLogin, readSchemaLevel, UnfitLogin, type SqlExecutor } from '@tenantry/database';
import { readEpoch } from '@tenantry/messaging';
import { SERVICE_GROUP } from '../database/migrate-control-plane.js';
import { judgeIdentity } from '../identity/database-identity.js';
import { meetIdentity } from '../identity/met-identity.js';
import { readNotedIdentity } from '../identity/noted-identity.js';
import { readPromotion } from '../identity/promotion.js';
import { CONTROL_PLANE_MIGRATIONS } from '../migrations/index.js';
import { findingsOf, type Finding } from './finding.js';

const { ok, warn, fail } = findingsOf('database');

const OLDEST = 16;
const NEWEST_TRIED = 18;
/** From here on clocks of events and keys would be wrong in an answer, in milliseconds. */
const SKEW_WARN_MS = 1_000;
const SKEW_FAIL_MS = 30_000;
const RAISE = 'run main.migrate --raise-epoch with the control plane stopped, and start it again';
const MIGRATE = 'run main.migrate of this version';

/** The version of the server. */
export async function versionFinding(sql: SqlExecutor): Promise<Finding> {
  const [row] = await sql.query<{ version: string; number: number }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number`,
  );
  return judgeVersion(row!.version, row!.number);
}

/** @param number as `server_version_num` has it. */
export function judgeVersion(version: string, number: number): Finding {
  const major = Math.floor(number / 10_000);
  const found = `PostgreSQL ${version}`;
  if (major < OLDEST)
    return fail('version', found, `upgrade the server to PostgreSQL ${OLDEST} to ${NEWEST_TRIED}`);
  if (major > NEWEST_TRIED)
    return warn('version', found, `nobody has tried it; known to work are ${OLDEST} to ${NEWEST_TRIED}`);
  return ok('version', found);
}

/** Whether the login is the control plane's, and nothing more. */
export async function roleFinding(sql: SqlExecutor): Promise<Finding> {
  const [row] = await sql.query<{ login: string }>('SELECT session_user::text AS login');
  const { login } = row!;
  try {
    await judgeLogin(sql, login, SERVICE_GROUP);
    return ok('role', `${login}, of ${SERVICE_GROUP.name} and nothing else`);
  } catch (error) {
    if (!(error instanceof UnfitLogin)) throw error;
    return fail(
      'role',
      error.message.split('. ', 1)[0]!,
      'set DATABASE_URL to a login of its own, here and for main.migrate, and run main.migrate: it makes the login',
    );
  }
}

/** Whether the login may do what its group may. */
export async function privilegesFinding(sql: SqlExecutor): Promise<Finding> {
  const rows = await sql.query<{ lacking: string }>(
    `SELECT DISTINCT format('%s on %s.%s', a.privilege_type, n.nspname, c.relname) AS lacking
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
     JOIN pg_roles g ON g.oid = a.grantee AND g.rolname = $1
     WHERE n.nspname = 'tenantry' AND c.relkind IN ('r', 'p', 'v')
       AND NOT coalesce(has_table_privilege(c.oid, a.privilege_type), false) ORDER BY 1`,
    [SERVICE_GROUP.name],
  );
  const [schema] = await sql.query<{ usable: boolean | null }>(
    `SELECT has_schema_privilege(oid, 'USAGE') AS usable FROM pg_namespace WHERE nspname = 'tenantry'`,
  );
  if (!schema) return fail('privileges', 'there is no schema tenantry', MIGRATE);
  const lacking = [...(schema.usable ? [] : ['USAGE on schema tenantry']), ...rows.map((row) => row.lacking)];
  if (lacking.length === 0) return ok('privileges', `those of ${SERVICE_GROUP.name}`);
  const more = lacking.length > 3 ? ` and ${lacking.length - 3} more` : '';
  return fail(
    'privileges',
    `lacks ${lacking.slice(0, 3).join(', ')}${more}`,
    `GRANT ${SERVICE_GROUP.name} TO the login with INHERIT, or ${MIGRATE}`,
  );
}

/** Whether the database has what this version needs, and whether a newer one has been there. */
export async function migrationsFinding(sql: SqlExecutor): Promise<Finding> {
  const { missing, unknown } = await readSchemaLevel(sql, CONTROL_PLANE_MIGRATIONS);
  if (missing.length > 0) return fail('migrations', `not applied: ${missing.join(', ')}`, MIGRATE);
  if (unknown.length > 0) {
    const names = unknown.map(({ name }) => name).join(', ');
    return warn(
      'migrations',
      `a newer version has migrated it: ${names}`,
      'upgrade the processes to that version',
    );
  }
  return ok('migrations', `${CONTROL_PLANE_MIGRATIONS.length}, all of this version`);
}

/** Whether it is the installation's own database, and not a restored one. */
export async function identityFinding(sql: SqlExecutor, kafka: boolean): Promise<Finding> {
  const noted = await readNotedIdentity(sql);
  if (!noted) return warn('identity', 'nobody has noted which database this is', MIGRATE);
  const verdict = judgeIdentity(noted, await meetIdentity(sql));
  if (verdict.kind === 'restored')
    return fail(
      'identity',
      `it is a restored database: ${verdict.why}`,
      `${RAISE}; if it was moved with everything in it: main.migrate --moved`,
    );
  const promotion = await readPromotion(sql);
  if (promotion && !promotion.compared && kafka)
    return warn(
      'identity',
      `its server was promoted at ${promotion.at}, and the state channel is not compared yet`,
      'wait for a relay to read the state topic; where none can, look at the Kafka findings',
    );
  if (promotion && !promotion.compared)
    return warn(
      'identity',
      `its server was promoted at ${promotion.at}; on the embedded transport nobody can tell whether that lost transactions`,
      `if it did, ${RAISE}; if it did not, nothing has to be done`,
    );
  return ok('identity', 'the one that was noted');
}

/** Whether anything was published that the database does not know. */
export async function epochFinding(sql: SqlExecutor): Promise<Finding> {
  const { epoch, ahead } = await readEpoch(sql);
  if (!ahead) return ok('epoch', String(epoch));
  return fail(
    'epoch',
    `the state channel holds ${ahead.tenantSeq} of tenant ${ahead.tenantId}, which the database does not know any more; nothing is sent`,
    RAISE,
  );
}

/** Whether this machine's clock and the database's agree, and nobody has moved the latter. @param now the clock of this machine. */
export async function clockFinding(sql: SqlExecutor, now: () => number = Date.now): Promise<Finding> {
  // The first answer on a connection is slower than the next ones.
  await sql.query('SELECT 1');
  const before = now();
  const [row] = await sql.query<{ at: string; moved: number }>(
    `SELECT extract(epoch FROM clock_timestamp()) * 1000 AS at, extract(epoch FROM tenantry.now() - now())::float8 AS moved`,
  );
  const after = now();
  if (row!.moved !== 0)
    return fail(
      'clock',
      `the control plane's clock was moved by ${row!.moved} s, which is for tests only`,
      'DELETE FROM tenantry.clock_offset, as an administrator',
    );
  const skewMs = Math.round(Number(row!.at) - (before + after) / 2);
  const uncertainMs = (after - before) / 2;
  const found = `the database's is ${Math.abs(skewMs)} ms ${skewMs < 0 ? 'behind' : 'ahead of'} this machine's`;
  const fix = 'set both by NTP: events and audit entries show these times, and deadlines are the database’s';
  if (Math.abs(skewMs) - uncertainMs > SKEW_FAIL_MS) return fail('clock', found, fix);
  if (Math.abs(skewMs) - uncertainMs > SKEW_WARN_MS) return warn('clock', found, fix);
  return ok('clock', found);
}
