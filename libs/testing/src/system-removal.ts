import { escapeIdentifier } from 'pg';
import { asAdministrator } from './database-server.js';
import { dropTenantDatabases } from './tenant-databases.js';

/**
 * Removes the databases of an installation, its logins, and the roles of tenants that its logins made: roles belong to
 * the server and would pile up on one that outlives the test run.
 */
export async function dropInstallation(databases: readonly string[], loginPrefix: string): Promise<void> {
  await asAdministrator(async (client) => {
    for (const name of databases) {
      await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
      await dropTenantDatabases(client, name);
    }
    const logins = `SELECT oid FROM pg_roles WHERE starts_with(rolname, $1)`;
    const { rows } = await client.query<{ rolname: string }>(
      `SELECT rolname FROM pg_roles WHERE oid IN (
         SELECT roleid FROM pg_auth_members WHERE member IN (${logins}) AND roleid::regrole::text ~ '^t_[0-9a-f]{32}_'
       )
       UNION ALL SELECT rolname FROM pg_roles WHERE oid IN (${logins})`,
      [loginPrefix],
    );
    for (const { rolname } of rows) await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(rolname)}`);
  });
}
