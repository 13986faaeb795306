import {
  type DatabaseLogin,
  ensureLogin,
  groupRoleSql,
  pgExecutor,
  protect,
  type Protection,
  type SqlExecutor,
} from '@tenantry/database';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { databaseScope } from './database-scope.js';
import { SCAN_GROUP } from './scan-login.js';

export interface ScanLoginOptions {
  /** A superuser's URL of the server, for everything; of one who may create roles, for what that allows. */
  readonly adminUrl: string;
  /** The login that scans; made if missing. */
  readonly login: DatabaseLogin;
  /** Which databases it is let into, as `databaseScope` reads it. Default: all that let anybody in. */
  readonly databases?: readonly string[];
}

/**
 * Makes the login that scans one server: it reads everything, past row security too, writes nothing, and is let into every
 * database of the scope. Databases that are made later let everybody in, or have to let it in themselves.
 *
 * @returns in words, what this administrator was not allowed to grant; the verifier refuses to work without it.
 * @throws UnfitLogin, before anything about it is changed, when the login is there and is anything else.
 */
export async function installScanLogin({
  adminUrl,
  login,
  databases = [],
}: ScanLoginOptions): Promise<string[]> {
  const client = new Client({ connectionString: adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const sql = pgExecutor(client);
    await sql.query(groupRoleSql(SCAN_GROUP.name));
    await ensureLogin(sql, login, SCAN_GROUP);
    const wanted = await databasesToEnter(sql, login.name, databases);
    return await protect(sql, [...abilities(login.name), ...wanted.map((name) => letIn(name, login.name))]);
  } finally {
    await client.end();
  }
}

function abilities(login: string): Protection[] {
  const name = escapeIdentifier(login);
  const literal = escapeLiteral(login);
  const group = escapeIdentifier(SCAN_GROUP.name);
  return [
    {
      sql: () => `
DO $$ BEGIN
  IF NOT pg_has_role('${SCAN_GROUP.name}', 'pg_read_all_data', 'USAGE') THEN GRANT pg_read_all_data TO ${group}; END IF;
EXCEPTION WHEN unique_violation THEN NULL;
END $$;`,
      holds: `pg_has_role(${literal}, 'pg_read_all_data', 'USAGE')`,
      otherwise: `the verifier cannot read everything and will not start: as a superuser, GRANT pg_read_all_data TO ${group}`,
    },
    {
      sql: () => `ALTER ROLE ${name} BYPASSRLS`,
      holds: `(SELECT rolbypassrls FROM pg_roles WHERE rolname = ${literal})`,
      otherwise: `row security would hide rows from the verifier and it will not start: as a superuser, ALTER ROLE ${name} BYPASSRLS`,
    },
    {
      sql: () => `ALTER ROLE ${name} SET default_transaction_read_only = on`,
      holds: `EXISTS (
        SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
        WHERE r.rolname = ${literal} AND s.setdatabase = 0 AND 'default_transaction_read_only=on' = ANY (s.setconfig))`,
      otherwise: `the verifier's transactions could write and it will not start: ALTER ROLE ${name} SET default_transaction_read_only = on`,
    },
  ];
}

/** Those that have not let it in by name: what lets everybody in today may be closed by the installation of a service. */
async function databasesToEnter(
  sql: SqlExecutor,
  login: string,
  patterns: readonly string[],
): Promise<string[]> {
  const isWanted = databaseScope(patterns);
  const databases = await sql.query<{ name: string }>(
    `SELECT datname::text AS name FROM pg_database
     WHERE (datallowconn OR NOT datistemplate) AND NOT EXISTS (
       SELECT FROM aclexplode(datacl) a WHERE a.grantee = $1::regrole AND a.privilege_type = 'CONNECT'
     ) ORDER BY 1`,
    [escapeIdentifier(login)],
  );
  return databases.map(({ name }) => name).filter(isWanted);
}

/** A database that somebody drops meanwhile needs nothing. */
function letIn(database: string, login: string): Protection {
  const name = escapeIdentifier(database);
  return {
    sql: () => `
DO $$ BEGIN
  GRANT CONNECT ON DATABASE ${name} TO ${escapeIdentifier(login)};
EXCEPTION WHEN invalid_catalog_name THEN NULL;
END $$;`,
    holds: `NOT EXISTS (
      SELECT FROM pg_database
      WHERE datname = ${escapeLiteral(database)} AND NOT has_database_privilege(${escapeLiteral(login)}, oid, 'CONNECT'))`,
    otherwise: `the verifier may not connect to database ${name}, so no purge will pass: as its owner, GRANT CONNECT ON DATABASE ${name} TO ${escapeIdentifier(login)}, or leave it out of the scope`,
  };
}
