import { randomBytes } from 'node:crypto';
import { installKit, secretOf, type ServiceDefinition, TenantLogins } from '@tenantry/data-plane-kit';
import { asAdministrator } from './database-server.js';
import { dropTenantDatabases } from './tenant-databases.js';
import { testDatabase, type TestDatabase } from './test-database.js';
import { withClient } from './with-client.js';

/** A service's database with the kit and the service's tables in it, and the three logins of that service alone. */
export interface KitDatabase extends TestDatabase {
  /** Of the login that serves. */
  readonly appUrl: string;
  /** Of the login that provisions. */
  readonly provisionerUrl: string;
  /** Of the login that reaches tenants' rows for support. */
  readonly supportUrl: string;
  readonly logins: { readonly app: Login; readonly provisioner: Login; readonly support: Login };
}

/** Of tenants with databases of their own in tests that do not say anything else. */
export const TEST_LOGINS = new TenantLogins({ current: secretOf('the-key-of-tenants-logins-in-tests') });

interface Login {
  readonly name: string;
  readonly password: string;
}

/** A service that has what the kit must cope with: tables that refer to each other, a global one, and seeds. */
export const EXAMPLE_SERVICE: ServiceDefinition = {
  name: 'example',
  store: 'primary',
  migrations: [
    {
      name: '0001-notes',
      sql: `
CREATE TABLE note (tenant_id uuid NOT NULL, id uuid NOT NULL, text text NOT NULL, CONSTRAINT note_pk PRIMARY KEY (tenant_id, id));
CREATE TABLE attachment (
  tenant_id uuid NOT NULL, id uuid NOT NULL, note_id uuid NOT NULL,
  CONSTRAINT attachment_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT attachment_note_fk FOREIGN KEY (tenant_id, note_id) REFERENCES note (tenant_id, id)
);`,
    },
    {
      name: '0002-labels',
      sql: `
CREATE TABLE label (tenant_id uuid NOT NULL, name text NOT NULL, CONSTRAINT label_pk PRIMARY KEY (tenant_id, name));
CREATE TABLE currency (code text NOT NULL, CONSTRAINT currency_pk PRIMARY KEY (code));`,
    },
  ],
  globalTables: ['currency'],
  async seed(sql, tenantId) {
    await sql.query(
      `INSERT INTO label (tenant_id, name) VALUES ($1, 'new'), ($1, 'done') ON CONFLICT DO NOTHING`,
      [tenantId],
    );
    const labels = await sql.query<{ name: string }>('SELECT name FROM label ORDER BY name');
    return { labels: labels.map(({ name }) => name) };
  },
};

/**
 * A fresh one; its roles and its tenants' databases, which belong to the whole server, go with it.
 *
 * @param tenantDatabases whether tenants can have databases of their own, for which a template takes a moment to be made.
 */
export async function kitDatabase(
  service: ServiceDefinition = EXAMPLE_SERVICE,
  { tenantDatabases = false }: { readonly tenantDatabases?: boolean } = {},
): Promise<KitDatabase> {
  const database = await testDatabase();
  const login = (use: string): Login => ({
    name: `tnt_test_${use}_${randomBytes(5).toString('hex')}`,
    password: randomBytes(12).toString('hex'),
  });
  const logins = { app: login('app'), provisioner: login('provisioner'), support: login('support') };
  await installKit(database.adminUrl, {
    appLogin: logins.app,
    provisionerLogin: logins.provisioner,
    supportLogin: logins.support,
    service,
    ...(tenantDatabases && { tenantDatabases: { cluster: 'default', logins: TEST_LOGINS } }),
  });
  return {
    ...database,
    logins,
    appUrl: database.urlFor(logins.app.name, logins.app.password),
    provisionerUrl: database.urlFor(logins.provisioner.name, logins.provisioner.password),
    supportUrl: database.urlFor(logins.support.name, logins.support.password),
    async drop() {
      const tenantRoles = await rolesOfTenants(database.adminUrl);
      await database.drop();
      await asAdministrator(async (client) => {
        await dropTenantDatabases(client, new URL(database.adminUrl).pathname.slice(1));
        for (const role of [...tenantRoles, ...Object.values(logins).map(({ name }) => name)])
          await client.query(`DROP ROLE IF EXISTS ${role}`);
      });
    },
  };
}

/** The roles of the tenants' schemas in this database. */
async function rolesOfTenants(adminUrl: string): Promise<string[]> {
  return withClient(adminUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT nspname AS name FROM pg_namespace WHERE nspname ~ '^t_[0-9a-f]{32}_'`,
    );
    return rows.map(({ name }) => name);
  });
}
