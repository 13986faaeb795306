import pg from 'pg';

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Makes the databases that are missing on an administrator's server.
 *
 * @throws Error naming the reason, but never the URL, when the server cannot be reached.
 */
export async function ensureDatabases(adminUrl: string, names: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  try {
    await client.connect();
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    throw new Error(`cannot connect to PostgreSQL as the administrator: ${message || code}`, {
      cause: error,
    });
  }
  try {
    for (const name of names) {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    }
  } finally {
    await client.end();
  }
}
