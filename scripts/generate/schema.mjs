import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeDatabase, rolesOf } from './describe-database.mjs';

const APPS = ['control-plane', 'data-plane', 'verifier'];

/** What the migrations of each app make of an empty database, read back from the catalogue. */
export async function schemaDocuments() {
  const servers = await import('@tenantry/testing/servers');
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-schema-'));
  // The server may have to run as another user, who must be able to pass.
  await chmod(folder, 0o711);
  const server = await servers.startPostgres({
    dataDir: path.join(folder, 'postgres'),
    password: 'postgres',
    settings: { fsync: 'off' },
  });
  try {
    const databases = {
      'control-plane': 'tenantry_control',
      'data-plane': 'tenantry_reference',
      verifier: 'tenantry_verifier',
    };
    await servers.ensureDatabases(server.adminUrl, Object.values(databases));
    const environment = servers.installationEnvironment({
      serverUrl: server.adminUrl,
      databases,
      scannedDatabases: '*',
      loginPrefix: 'tenantry',
      password: 'secret',
      adminKeyHash: '0'.repeat(64),
      dataPlaneKeyHash: '0'.repeat(64),
    });
    const documents = {};
    for (const app of APPS) {
      const otherRoles = await rolesOf(server.adminUrl);
      await servers.migrateApp(app, environment[app].migrate);
      const url = servers.databaseUrl(server.adminUrl, databases[app]);
      documents[`docs/schema/${app}.sql`] = await describeDatabase(url, app, otherRoles);
    }
    return documents;
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
