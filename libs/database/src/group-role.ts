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
