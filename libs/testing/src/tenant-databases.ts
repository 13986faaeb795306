import { escapeIdentifier, type Client } from 'pg';

/**
 * Drops what a service's database had beside it on the server: its tenants' own databases with their logins, and the template
 * that they were copied from. They say in their comments whose they are.
 */
export async function dropTenantDatabases(client: Client, serviceDatabase: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname::text AS name FROM pg_database
     WHERE datname ~ '^(t_[0-9a-f]{32}|tenantry_template)_' AND position($1 IN shobj_description(oid, 'pg_database')) > 0`,
    [`"database":${JSON.stringify(serviceDatabase)}`],
  );
  for (const { name } of rows) {
    const database = escapeIdentifier(name);
    await client.query(`ALTER DATABASE ${database} IS_TEMPLATE false`);
    await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    if (name.startsWith('t_')) await client.query(`DROP ROLE IF EXISTS ${database}`);
  }
}
