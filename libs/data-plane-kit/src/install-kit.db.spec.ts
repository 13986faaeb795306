import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tenantSchemaName } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { EXAMPLE_SERVICE, kitDatabase, testDatabase, type KitDatabase } from '@tenantry/testing';
import { Pool } from 'pg';
import { installKit, type InstallReport } from './install-kit.js';
import { createRequestHandler } from './participant/request-handler.js';
import type { ServiceDefinition } from './service-definition.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

let database: KitDatabase;

beforeEach(async () => {
  database = await kitDatabase();
});

afterEach(() => database.drop());

function install(service: ServiceDefinition, appLogin = database.logins.app): Promise<InstallReport> {
  return installKit(database.adminUrl, { appLogin, provisionerLogin: database.logins.provisioner, service });
}

function withMigration(
  sql: string,
  globalTables: readonly string[] = EXAMPLE_SERVICE.globalTables,
): ServiceDefinition {
  return {
    ...EXAMPLE_SERVICE,
    globalTables,
    migrations: [...EXAMPLE_SERVICE.migrations, { name: '0003-more', sql }],
  };
}

async function provisionSchemaTenant(): Promise<string> {
  const tenantId = newId();
  const operationId = newId();
  const pool = new Pool({ connectionString: database.provisionerUrl, max: 1 });
  await createRequestHandler({ service: EXAMPLE_SERVICE, pool, logger })(
    {
      tenantId,
      operationId,
      generation: 1,
      attempt: 1,
      type: 'tenant.provisioning_requested.v1',
      request: {
        operationId,
        generation: 1,
        attempt: 1,
        participants: ['example'],
        desired: 'active',
        placements: [
          { store: 'primary', isolation: 'schema', cluster: 'default', database: null, schema: null },
        ],
      },
    },
    { signal: new AbortController().signal, assertCurrent: async () => {}, progress: async () => {} },
  );
  await pool.end();
  return tenantId;
}

describe('installKit', () => {
  it('does nothing the second time, and misses nothing as a superuser', async () => {
    expect(await install(EXAMPLE_SERVICE)).toEqual({ applied: [], warnings: [] });
  });

  it('brings the pooled tables and every tenant’s own up to date', async () => {
    const schema = tenantSchemaName(await provisionSchemaTenant(), 'primary');
    const { applied } = await install(
      withMigration('ALTER TABLE label ADD COLUMN rank int; CREATE TABLE topic (tenant_id uuid NOT NULL)'),
    );
    expect(applied).toEqual(['pooled_primary/0003-more', `${schema}/0003-more`]);
    const admin = new Pool({ connectionString: database.adminUrl, max: 1 });
    const { rows } = await admin.query(
      `SELECT n.nspname AS schema, c.relrowsecurity AND c.relforcerowsecurity AS forced FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relname = 'topic' ORDER BY 1`,
    );
    await admin.end();
    expect(rows).toEqual([
      { schema: 'pooled_primary', forced: true },
      { schema, forced: true },
    ]);
  });

  it.each([
    ['a table without a tenant column', 'CREATE TABLE stray (id uuid)', [], /stray has no tenant_id column/],
    [
      'a tenant table that is declared global',
      'CREATE TABLE shared (tenant_id uuid)',
      ['shared'],
      /shared has a tenant column and is declared global/,
    ],
    [
      'a policy of the service’s own',
      'CREATE TABLE own (tenant_id uuid); CREATE POLICY mine ON own USING (true)',
      [],
      /own has a policy of its own \(mine\)/,
    ],
  ])('refuses %s, and leaves nothing of that migration', async (_what, sql, globals, message) => {
    await expect(install(withMigration(sql, ['currency', ...globals]))).rejects.toThrow(message);
    expect(
      (
        await install(
          withMigration(
            'CREATE TABLE stray (tenant_id uuid); CREATE TABLE shared (tenant_id uuid); CREATE TABLE own (tenant_id uuid)',
          ),
        )
      ).applied,
    ).toEqual(['pooled_primary/0003-more']);
  });

  it('refuses a migration that reads differently than when it was applied', async () => {
    const [first, ...others] = EXAMPLE_SERVICE.migrations;
    const changed = { ...EXAMPLE_SERVICE, migrations: [{ ...first!, sql: `${first!.sql} ` }, ...others] };
    await expect(install(changed)).rejects.toThrow(/0001-notes/);
  });

  it('installs as an administrator who is no superuser, and says what stays open', async () => {
    const target = await testDatabase();
    const superuser = new Pool({ connectionString: target.adminUrl, max: 1 });
    const suffix = newId().replaceAll('-', '');
    const [administrator, appLogin, provisionerLogin] = ['adm', 'app', 'prov'].map((use) => ({
      name: `tnt_test_${use}_${suffix}`,
      password: 'x',
    }));
    try {
      await superuser.query(`CREATE ROLE ${administrator!.name} LOGIN CREATEROLE PASSWORD 'x'`);
      // On a server of its own it would have made these itself.
      await superuser.query(
        `GRANT tenantry_kit, tenantry_app, tenantry_provisioner TO ${administrator!.name} WITH ADMIN OPTION`,
      );
      await superuser.query(
        `ALTER DATABASE ${new URL(target.adminUrl).pathname.slice(1)} OWNER TO ${administrator!.name}`,
      );
      const url = target.urlFor(administrator!.name, 'x');
      const { applied, warnings } = await installKit(url, {
        appLogin: appLogin!,
        provisionerLogin: provisionerLogin!,
        service: EXAMPLE_SERVICE,
      });
      expect(applied).toContain('pooled_primary/0001-notes');
      expect(warnings).toEqual([
        expect.stringContaining('advisory locks'),
        expect.stringContaining('large objects'),
      ]);
    } finally {
      await superuser.end();
      await target.drop();
      const server = new Pool({ connectionString: database.adminUrl, max: 1 });
      for (const login of [appLogin, provisionerLogin, administrator])
        await server.query(`DROP ROLE IF EXISTS ${login!.name}`);
      await server.end();
    }
  });
});
