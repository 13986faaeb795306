import {
  databaseClosed,
  type DatabaseLogin,
  ensureLogin,
  groupRoleSql,
  type LoginGroup,
  migrate,
  pgExecutor,
  protect,
  type SqlMigration,
} from '@tenantry/database';
import { CONSUMER_SQL } from '@tenantry/messaging';
import { Client } from 'pg';
import type { InstallReport } from '../install-kit.js';
import { installScanLogin, type ScanLoginOptions } from './install-scan-login.js';

export interface InstallVerifierOptions {
  /** The login of the verifier's own database: its inbox, positions and answers. Made if missing. */
  readonly login: DatabaseLogin;
  /** The login of each server that is scanned. A server that is not named here has to be given one by somebody else. */
  readonly scans?: readonly ScanLoginOptions[];
}

/** What the verifier's own database is made of. */
export const VERIFIER_MIGRATIONS: readonly SqlMigration[] = CONSUMER_SQL;

const VERIFIER_GROUP: LoginGroup = { name: 'tenantry_verifier' };

/** Whatever the migrations have made: the bookkeeping is the verifier's alone, its migration level is not its to write. */
const GRANTS = `
GRANT USAGE ON SCHEMA tenantry TO ${VERIFIER_GROUP.name};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tenantry TO ${VERIFIER_GROUP.name};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA tenantry TO ${VERIFIER_GROUP.name};
REVOKE INSERT, UPDATE, DELETE ON tenantry.migration, tenantry.migration_release FROM ${VERIFIER_GROUP.name};`;

/**
 * Prepares the verifier's own database, which must be nobody else's, and the logins that scan. Idempotent; run it at every
 * deployment, when the databases that are to be scanned are there.
 *
 * @param adminUrl a superuser's of the verifier's own database, or of one who owns it and may create roles.
 * @throws UnfitLogin, before anything about it is changed, when a login is there and is, or could become, more than it is to be.
 */
export async function installVerifier(
  adminUrl: string,
  { login, scans = [] }: InstallVerifierOptions,
): Promise<InstallReport> {
  if (scans.some((scan) => scan.login.name === login.name))
    throw new Error(`The login ${login.name} is to scan and to keep the books. Use two logins.`);
  const client = new Client({ connectionString: adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const sql = pgExecutor(client);
    await sql.query(groupRoleSql(VERIFIER_GROUP.name));
    await ensureLogin(sql, login, VERIFIER_GROUP);
    const applied = await migrate(adminUrl, VERIFIER_MIGRATIONS);
    await sql.query(GRANTS);
    const warnings = await protect(sql, [databaseClosed([VERIFIER_GROUP.name])]);
    for (const scan of scans) warnings.push(...(await installScanLogin(scan)));
    return { applied, warnings };
  } finally {
    await client.end();
  }
}
