import { type ClientBase, DatabaseError, escapeIdentifier } from 'pg';
import { PROVISIONER_ROLE } from '../install/roles.js';
import { SQLSTATE } from '../sql-errors.js';
import { TenantHeld } from './request-errors.js';

/** How often a database is tried to be dropped while somebody comes in between. */
const ATTEMPTS = 3;

/**
 * Drops a tenant's own database: nobody can come in from the first step on, and whoever is in is put out. One that is not
 * there any more is fine.
 *
 * @param client of the provisioning login in the service's database, outside of any transaction.
 * @throws TenantHeld when sessions would not end, such as a superuser's.
 */
export async function dropDatabase(client: ClientBase, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    // One that was half dropped when the server ended lets nobody in anyway, and refuses to be altered.
    const { rowCount } = await client.query(
      'SELECT FROM pg_database WHERE datname = $1 AND datallowconn AND datconnlimit <> -2',
      [name],
    );
    if (rowCount)
      await asProvisioner(client, `ALTER DATABASE ${escapeIdentifier(name)} ALLOW_CONNECTIONS false`);
    await endSessions(client, name, true);
    try {
      await asProvisioner(client, `DROP DATABASE IF EXISTS ${escapeIdentifier(name)}`);
      return;
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== SQLSTATE.objectInUse) throw error;
      if (attempt === ATTEMPTS)
        throw new TenantHeld('Sessions in the tenant’s database would not end.', { cause: error });
    }
  }
}

/** Ends the sessions of a tenant's login, and if told those of everybody else in its database. @returns how many. */
export async function endSessions(client: ClientBase, name: string, everybody: boolean): Promise<number> {
  const { rows } = await client.query<{ n: number }>('SELECT tenantry.end_sessions($1, $2) AS n', [
    name,
    everybody,
  ]);
  return rows[0]!.n;
}

/** Outside of a transaction, as making and dropping databases needs it. */
export async function asProvisioner(client: ClientBase, statement: string): Promise<void> {
  await client.query(`SET ROLE ${PROVISIONER_ROLE}`);
  try {
    await client.query(statement);
  } finally {
    // Fails only with the connection.
    await client.query('RESET ROLE').catch(() => undefined);
  }
}
