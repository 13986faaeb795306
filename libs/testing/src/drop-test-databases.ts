import pg from 'pg';

/**
 * Jest's global tear-down: removes the templates of this run and the databases that a failed test left behind.
 * Jest loads it without its module mapping, so it imports nothing of this library.
 */
export default async function dropTestDatabases(): Promise<void> {
  const { TEST_DATABASE_URL: connectionString, TEST_DATABASE_PREFIX: prefix } = process.env;
  if (!connectionString || !prefix) return;
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>(
      `SELECT datname FROM pg_database
       WHERE starts_with(datname, $1) OR position('"database":"' || $1 IN shobj_description(oid, 'pg_database')) > 0`,
      [prefix],
    );
    for (const { datname } of rows) {
      await client.query(`ALTER DATABASE ${datname} IS_TEMPLATE false`);
      await client.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
    }
  } finally {
    await client.end();
  }
}
