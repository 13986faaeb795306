import pg from 'pg';

/** Makes the databases that are missing on an administrator's server. */
export async function ensureDatabases(adminUrl, names) {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
  } catch (error) {
    throw new Error(`cannot connect to the PostgreSQL of DATABASE_URL: ${error.message || error.code}`, { cause: error });
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
