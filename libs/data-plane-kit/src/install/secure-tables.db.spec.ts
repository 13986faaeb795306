import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import { EXAMPLE_SERVICE, kitDatabase, type KitDatabase } from '@tenantry/testing';
import { Pool, type QueryResultRow } from 'pg';
import { installKit } from '../install-kit.js';
import { createRequestHandler } from '../participant/request-handler.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

let database: KitDatabase;
let admin: Pool;

beforeEach(async () => {
  database = await kitDatabase();
  admin = new Pool({ connectionString: database.adminUrl, max: 1 });
  await provisionSchemaTenant();
});

afterEach(async () => {
  await admin.end();
  await database.drop();
});

/** Migrates the pooled tables and those of the tenant that has a schema of its own. */
async function migrateWith(sql: string): Promise<void> {
  await installKit(database.adminUrl, {
    appLogin: database.logins.app,
    provisionerLogin: database.logins.provisioner,
    service: { ...EXAMPLE_SERVICE, migrations: [...EXAMPLE_SERVICE.migrations, { name: '0003-more', sql }] },
  });
}

async function query<R extends QueryResultRow>(text: string): Promise<R[]> {
  return (await admin.query<R>(text)).rows;
}

/** The policies of tables with this name: where, and what they say. */
function policiesOn(table: string): Promise<QueryResultRow[]> {
  return query(
    `SELECT p.oid::int, n.nspname AS schema, p.polname AS name, p.polcmd AS command,
            p.polpermissive AS permissive, p.polroles::text AS roles,
            pg_get_expr(polqual, polrelid) AS "using", pg_get_expr(polwithcheck, polrelid) AS "check"
     FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relname = '${table}' ORDER BY n.nspname, p.polname`,
  );
}

function withoutOid(rows: QueryResultRow[]): QueryResultRow[] {
  return rows.map(({ oid: _oid, ...rest }) => rest);
}

async function provisionSchemaTenant(): Promise<void> {
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
}

describe('secureTables', () => {
  it.each([
    ['lets everyone in', 'CREATE POLICY tenant_isolation ON topic USING (true)'],
    ['lets everyone write', 'CREATE POLICY tenant_isolation ON topic USING (true) WITH CHECK (true)'],
    ['is for one command', 'CREATE POLICY tenant_isolation ON topic FOR SELECT USING (false)'],
    ['restricts only', 'CREATE POLICY tenant_isolation ON topic AS RESTRICTIVE USING (true)'],
    [
      'narrows nothing for support',
      'CREATE POLICY support_grant ON topic AS RESTRICTIVE TO tenantry_support USING (true)',
    ],
    ['opens for support', 'CREATE POLICY support_grant ON topic TO tenantry_support USING (true)'],
    ['is for one role', 'CREATE POLICY tenant_isolation ON topic TO tenantry_kit USING (true)'],
  ])('puts its own policy in the place of one of that name that %s', async (_what, policy) => {
    await migrateWith(
      `CREATE TABLE topic (tenant_id uuid NOT NULL); ALTER TABLE topic ENABLE ROW LEVEL SECURITY; ${policy}`,
    );
    const sound = withoutOid(await policiesOn('note'));
    expect(sound.map(({ schema: _schema, ...policy }) => policy.name).sort()).toEqual([
      'support_grant',
      'support_grant',
      'tenant_isolation',
      'tenant_isolation',
    ]);
    expect(withoutOid(await policiesOn('topic'))).toEqual(sound);
  });

  it('undoes what a later migration makes of its policies, and leaves those alone that are right', async () => {
    const [notes, labels, currencies] = [
      await policiesOn('note'),
      await policiesOn('label'),
      await policiesOn('currency'),
    ];
    await migrateWith(
      `ALTER POLICY tenant_isolation ON note USING (true); ALTER TABLE note NO FORCE ROW LEVEL SECURITY;
         DROP POLICY IF EXISTS tenant_isolation ON currency; CREATE POLICY tenant_isolation ON currency USING (true)`,
    );
    expect(withoutOid(await policiesOn('note'))).toEqual(withoutOid(notes));
    expect(await policiesOn('label')).toEqual(labels);
    expect(withoutOid(await policiesOn('currency'))).toEqual(withoutOid(currencies));
    expect(await query(`SELECT FROM pg_class WHERE relname = 'note' AND NOT relforcerowsecurity`)).toEqual(
      [],
    );
  });
});
