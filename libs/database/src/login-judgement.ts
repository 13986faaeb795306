import type { SqlExecutor } from './sql-executor.js';

/** The one group that a login is to be a member of. */
export interface LoginGroup {
  readonly name: string;
  /** Which roles members of the group reach through it, as a regular expression for Postgres; none unless told. */
  readonly brings?: string;
  /** Whether the logins themselves are to have BYPASSRLS, which no group can give them. Default: false. */
  readonly bypassesRowSecurity?: boolean;
  /** Whether the group, though not its logins, may create databases. Default: false. */
  readonly createsDatabases?: boolean;
}

/** The login is, or could become, more than a member of its group. */
export class UnfitLogin extends Error {
  constructor(
    readonly login: string,
    group: string,
    reasons: readonly string[],
  ) {
    super(
      `The login ${login} is to be a member of ${group} and nothing else, but ${reasons.join(', ')}. ` +
        'Name another login; one that does not exist yet is made.',
    );
    this.name = 'UnfitLogin';
  }
}

interface Finding {
  readonly role: string;
  readonly attributes: string[];
  readonly owner: boolean;
  readonly unexpected: boolean;
}

/**
 * Every role that the login or the group can act as, whether it inherits or not, and that should not be there. The
 * group's own right to create roles, or databases, does not come to its members, who have to switch to it.
 */
const FINDINGS = `
WITH RECURSIVE reached (origin, oid) AS (
  SELECT rolname, oid FROM pg_roles WHERE rolname IN ($1, $2)
  UNION SELECT r.origin, m.roleid FROM reached r JOIN pg_auth_members m ON m.member = r.oid
),
judged AS (
  SELECT DISTINCT p.rolname::text AS role,
    array_remove(ARRAY[
      CASE WHEN p.rolsuper THEN 'SUPERUSER' END,
      CASE WHEN p.rolbypassrls AND NOT ($4 AND p.rolname = $1) THEN 'BYPASSRLS' END,
      CASE WHEN p.rolcreaterole AND p.rolname <> $2 THEN 'CREATEROLE' END,
      CASE WHEN p.rolcreatedb AND NOT ($5 AND p.rolname = $2) THEN 'CREATEDB' END,
      CASE WHEN p.rolreplication THEN 'REPLICATION' END
    ], NULL) AS attributes,
    p.oid = (SELECT datdba FROM pg_database WHERE datname = current_database()) AS owner,
    p.rolname NOT IN ($1, $2) AND NOT (
      coalesce(p.rolname ~ $3, false) AND p.oid IN (SELECT g.oid FROM reached g WHERE g.origin = $2)
    ) AS unexpected
  FROM reached r JOIN pg_roles p ON p.oid = r.oid
)
SELECT * FROM judged WHERE attributes <> '{}' OR owner OR unexpected ORDER BY role <> $1, role LIMIT 10`;

/**
 * Judges a login before anything about it is changed: it must not exist yet, or be a member of the group and of nothing
 * else, with no attribute of an administrator that the group does not call for and without owning this database. Changes
 * nothing.
 *
 * @returns whether the login exists. @throws UnfitLogin saying all that is against it.
 */
export async function judgeLogin(
  sql: SqlExecutor,
  login: string,
  { name: group, brings, bypassesRowSecurity = false, createsDatabases = false }: LoginGroup,
): Promise<boolean> {
  const findings = await sql.query<Finding>(FINDINGS, [
    login,
    group,
    brings ?? null,
    bypassesRowSecurity,
    createsDatabases,
  ]);
  const [found] = await sql.query<{ member: boolean }>(
    `SELECT EXISTS (
       SELECT FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = p.oid AND g.rolname = $2
     ) AS member FROM pg_roles p WHERE p.rolname = $1`,
    [login, group],
  );
  const reasons = findings.flatMap((finding) => reasonsOf(finding, login));
  if (found && !found.member) reasons.push(`it exists and is no member of ${group}`);
  if (reasons.length > 0) throw new UnfitLogin(login, group, reasons);
  return found !== undefined;
}

function reasonsOf({ role, attributes, owner, unexpected }: Finding, login: string): string[] {
  const who = role === login ? 'it' : role;
  return [
    ...(unexpected ? [`it may act as ${role}`] : []),
    ...(attributes.length > 0 ? [`${who} is ${attributes.join(' ')}`] : []),
    ...(owner ? [`${who} owns the database`] : []),
  ];
}
