import { escapeIdentifier } from 'pg';
import type { SqlExecutor } from './sql-executor.js';
import { withoutRaces } from './without-races.js';

const ROLE = /^[a-z][a-z0-9_]{0,62}$/;

/**
 * SQL that makes sure a NOLOGIN role is there, for use inside a migration. Roles belong to the whole server, so another
 * database's migration may have made it, or be making it at this moment; both are fine.
 *
 * @throws RangeError when the name is not a plain lower-case identifier.
 */
export function groupRoleSql(role: string): string {
  if (!ROLE.test(role)) throw new RangeError(`Not a plain role name: ${role}`);
  return `DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
    CREATE ROLE ${role} NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;`;
}

/**
 * Makes an administrator who is no superuser a member of the roles whose objects it makes; a superuser needs nothing.
 * To be run outside of a transaction.
 */
export async function joinRoles(sql: SqlExecutor, roles: readonly string[]): Promise<void> {
  const [me] = await sql.query<{ superuser: boolean }>(
    'SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user',
  );
  if (me?.superuser) return;
  for (const role of roles) {
    const name = escapeIdentifier(role);
    await withoutRaces(() => sql.query(`GRANT ${name} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE`));
  }
}
