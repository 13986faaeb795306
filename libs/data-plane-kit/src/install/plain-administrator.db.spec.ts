import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { tenantDatabaseName } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { EXAMPLE_SERVICE, requestedWork, UNDISTURBED } from '@tenantry/testing';
import { startPostgres, type PostgresServer } from '@tenantry/testing/servers';
import { Client, Pool } from 'pg';
import { secretOf } from '../credentials/secret.js';
import { TenantLogins } from '../credentials/tenant-logins.js';
import { databaseUrlOf } from '../database-url.js';
import { installKit } from '../install-kit.js';
import { createRequestHandler } from '../participant/request-handler.js';

const ADMINISTRATOR = { name: 'administrator', password: 'a' };
const PROVISIONER = { name: 'provisioner', password: 'p' };
const LOGINS = { appLogin: { name: 'app', password: 'b' }, provisionerLogin: PROVISIONER };
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const tenantLogins = new TenantLogins({ current: secretOf('k'.repeat(32)) });

// A server of its own, as a managed one gives it: nobody has made the roles before, and its administrator is no superuser.
let folder: string;
let server: PostgresServer;
let adminUrl: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tenantry-plain-'));
  server = await startPostgres({
    dataDir: path.join(folder, 'data'),
    password: 'x',
    settings: { fsync: 'off' },
  });
  await asSuperuser(
    `CREATE ROLE administrator LOGIN CREATEROLE PASSWORD 'a'`,
    'CREATE DATABASE service OWNER administrator',
  );
  adminUrl = databaseUrlOf(server.adminUrl, 'service', ADMINISTRATOR);
}, 60_000);

afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function asSuperuser(...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: server.adminUrl });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

const install = (service = EXAMPLE_SERVICE) =>
  installKit(adminUrl, { ...LOGINS, service, tenantDatabases: { cluster: 'default', logins: tenantLogins } });

it('an administrator who may not make databases is told what is missing', async () => {
  const { applied, warnings } = await install();
  expect(applied).toContain('pooled_primary/0001-notes');
  expect(warnings).toContainEqual(expect.stringContaining('ALTER ROLE tenantry_provisioner CREATEDB'));
});

it('one who may installs everything, and keeps tenants’ own databases up to date', async () => {
  await asSuperuser('ALTER ROLE administrator CREATEDB');
  const { applied } = await install();
  expect(applied.filter((step) => step.startsWith('tenantry_template_')).length).toBeGreaterThan(0);

  const pool = new Pool({ connectionString: databaseUrlOf(adminUrl, 'service', PROVISIONER), max: 2 });
  const tenantId = newId();
  const name = tenantDatabaseName(tenantId, 'primary');
  const handler = createRequestHandler({ service: EXAMPLE_SERVICE, pool, logger, onStep() {}, tenantLogins });
  const ask = (verb: 'provisioning' | 'suspension' | 'reactivation' | 'purge', generation: number) =>
    handler(requestedWork({ tenantId, verb, generation, isolation: 'database' }), UNDISTURBED);
  try {
    await ask('provisioning', 1);
    const more = { name: '0003-more', sql: 'CREATE TABLE more (tenant_id uuid NOT NULL)' };
    const migrated = await install({
      ...EXAMPLE_SERVICE,
      migrations: [...EXAMPLE_SERVICE.migrations, more],
    });
    expect(migrated.applied).toContain(`${name}/pooled_primary/0003-more`);
    await ask('suspension', 2);
    await ask('reactivation', 3);
    const { evidence } = await ask('purge', 4);
    expect(evidence).toMatchObject({ databasesDropped: [name] });
  } finally {
    await pool.end();
  }
});
