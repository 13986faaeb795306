import { escapeIdentifier, escapeLiteral } from 'pg';
import { judgeLogin, type LoginGroup } from './login-judgement.js';
import type { SqlExecutor } from './sql-executor.js';
import { withoutRaces } from './without-races.js';

/** A Postgres login and its password. */
export interface DatabaseLogin {
  readonly name: string;
  readonly password: string;
}

/** The login that a URL names. @throws RangeError when it names none. */
export function loginOf(url: string): DatabaseLogin {
  const { username, password } = new URL(url);
  if (!username) throw new RangeError('The URL names no login.');
  return { name: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/**
 * Makes the login, or gives it this password if it is there: a member of the group, which must exist, whose grants it
 * inherits, and nothing else. It may connect to this database; the group may not, since groups belong to the whole server
 * and thus to other installations on it too. What other sessions do to roles at this moment is fine.
 *
 * @param sql outside of a transaction; of an administrator who may create roles and owns the database.
 * @throws UnfitLogin, with the login as it was, when it is there and is anything else.
 */
export async function ensureLogin(
  sql: SqlExecutor,
  { name, password }: DatabaseLogin,
  group: LoginGroup,
): Promise<void> {
  const login = escapeIdentifier(name);
  const secret = escapeLiteral(password);
  const membership = `GRANT ${escapeIdentifier(group.name)} TO ${login} WITH INHERIT TRUE, SET TRUE`;
  await withoutRaces(async () => {
    const isThere = await judgeLogin(sql, name, group);
    // Both or neither: a login that is a member of nothing would not be taken for ours the next time.
    await sql.query(
      isThere
        ? `ALTER ROLE ${login} LOGIN PASSWORD ${secret}; ${membership}`
        : `CREATE ROLE ${login} LOGIN NOINHERIT PASSWORD ${secret}; ${membership}`,
    );
  });
  const [row] = await sql.query<{ database: string }>('SELECT current_database() AS database');
  const database = escapeIdentifier(row!.database);
  await withoutRaces(() => sql.query(`GRANT CONNECT ON DATABASE ${database} TO ${login}`));
}
