import type { LoginGroup, SqlExecutor } from '@tenantry/database';
import { rightsToWrite } from './login-rights.js';

/** What logins that scan are members of. */
export const SCAN_GROUP: LoginGroup = {
  name: 'tenantry_scan',
  brings: '^pg_read_all_data$',
  bypassesRowSecurity: true,
};

/** What the login may reach, besides itself. */
const EXPECTED_ROLES = [SCAN_GROUP.name, 'pg_read_all_data'];

/** The login cannot be relied on to see everything, or may do more than see. */
export class UnfitScanLogin extends Error {
  /** An operator can put it right. */
  readonly retryable = true;

  constructor(
    readonly cluster: string,
    login: string,
    readonly reasons: readonly string[],
  ) {
    super(`The login ${login} of cluster ${cluster} is not fit to scan: ${reasons.join('; ')}.`);
    this.name = 'UnfitScanLogin';
  }
}

interface Found {
  readonly login: string;
  readonly attributes: string[];
  readonly bypasses_rls: boolean;
  readonly reads_all: boolean;
  readonly more_roles: string[];
  readonly row_security: string;
  readonly read_only: string;
  readonly standby: boolean;
}

const JUDGE = `
WITH RECURSIVE reached (oid) AS (
  SELECT oid FROM pg_roles WHERE rolname = current_user
  UNION SELECT m.roleid FROM reached r JOIN pg_auth_members m ON m.member = r.oid
)
SELECT current_user::text AS login,
  array_remove(ARRAY[
    CASE WHEN p.rolsuper THEN 'SUPERUSER' END, CASE WHEN p.rolcreaterole THEN 'CREATEROLE' END,
    CASE WHEN p.rolcreatedb THEN 'CREATEDB' END, CASE WHEN p.rolreplication THEN 'REPLICATION' END
  ], NULL) AS attributes,
  p.rolbypassrls AS bypasses_rls,
  pg_has_role(current_user, 'pg_read_all_data', 'USAGE') AS reads_all,
  ARRAY(
    SELECT o.rolname::text FROM reached r JOIN pg_roles o ON o.oid = r.oid
    WHERE o.rolname <> current_user AND o.rolname <> ALL ($1) ORDER BY 1 LIMIT 10
  ) AS more_roles,
  current_setting('row_security') AS row_security,
  current_setting('transaction_read_only') AS read_only,
  pg_is_in_recovery() AS standby
FROM pg_roles p WHERE p.rolname = current_user`;

/**
 * Makes sure that a session of the scan's login sees everything there is and can change nothing; asked in every session,
 * since a right that was taken away must not turn a scan into one that finds nothing.
 *
 * @throws UnfitScanLogin naming each thing that is wrong, and what to run about it.
 */
export async function assertFitToScan(sql: SqlExecutor, cluster: string): Promise<void> {
  const [found] = await sql.query<Found>(JUDGE, [EXPECTED_ROLES]);
  const reasons = found
    ? [...reasonsOf(found), ...(await rightsToWrite(sql, [SCAN_GROUP.name]))]
    : ['it does not know itself'];
  if (reasons.length > 0) throw new UnfitScanLogin(cluster, found?.login ?? 'of this session', reasons);
}

function reasonsOf(found: Found): string[] {
  const { login, attributes, more_roles: moreRoles } = found;
  return [
    ...(attributes.length > 0 ? [`it is ${attributes.join(' ')}, which is more than reading takes`] : []),
    ...(moreRoles.length > 0 ? [`it may act as ${moreRoles.join(', ')}`] : []),
    ...(found.bypasses_rls
      ? []
      : [`row security would hide rows from it (ALTER ROLE "${login}" BYPASSRLS, as a superuser)`]),
    ...(found.reads_all
      ? []
      : [`it may not read everything (GRANT pg_read_all_data TO "${login}", as a superuser)`]),
    ...(found.read_only === 'on'
      ? []
      : [`its transactions may write (ALTER ROLE "${login}" SET default_transaction_read_only = on)`]),
    ...(found.row_security === 'off' ? [] : ['its session did not take row_security = off']),
    ...(found.standby ? ['it looks at a standby, which may be behind; scan the primary'] : []),
  ];
}
