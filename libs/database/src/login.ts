import { DatabaseError, escapeIdentifier, escapeLiteral, type Client } from 'pg';
import { groupRoleSql } from './group-role.js';

/** A login and its password. */
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
 * Makes the login, or gives it this password if it is there, and makes it a member of `group`, whose grants it inherits.
 * It can do nothing else. Roles belong to the whole server: what another session does to them at this moment is fine.
 */
export async function ensureLogin(
  client: Client,
  { name, password }: DatabaseLogin,
  group: string,
): Promise<void> {
  await retried(client, groupRoleSql(group));
  const login = escapeIdentifier(name);
  const isThere = `EXISTS (SELECT FROM pg_roles WHERE rolname = ${escapeLiteral(name)})`;
  await retried(
    client,
    `DO $login$ BEGIN IF NOT ${isThere} THEN CREATE ROLE ${login} LOGIN; END IF; END $login$`,
  );
  await retried(
    client,
    `ALTER ROLE ${login} LOGIN NOCREATEDB NOCREATEROLE PASSWORD ${escapeLiteral(password)}`,
  );
  await retried(client, `GRANT ${escapeIdentifier(group)} TO ${login} WITH INHERIT TRUE, SET TRUE`);
}

const ATTEMPTS = 20;
/** `tuple concurrently updated`, unique_violation and duplicate_object: two sessions changed the same role at once. */
const RACES = ['XX000', '23505', '42710'];

async function retried(client: Client, sql: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(sql);
      return;
    } catch (error) {
      if (!(error instanceof DatabaseError) || !RACES.includes(error.code ?? '') || attempt === ATTEMPTS)
        throw error;
    }
  }
}
