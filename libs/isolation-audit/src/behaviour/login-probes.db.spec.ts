import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { testDatabase, type TestDatabase } from '@tenantry/testing';
import pg from 'pg';
import { auditDatabase } from '../audit-database.js';
import { connectedTo, readOnly } from '../read-only.js';
import { CLEAN_OPTIONS, cleanSql } from '../testing/clean-database.js';
import { oneSessionPooler } from '../testing/one-session-pooler.js';

describe('an audit that also tries as the application', () => {
  const prefix = `tnt_test_${randomBytes(4).toString('hex')}_`;
  let database: TestDatabase;
  let admin: pg.Client;
  let asUrl: string;

  beforeAll(async () => {
    database = await testDatabase();
    asUrl = database.urlFor(`${prefix}app`, 'app');
    admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    await admin.query(cleanSql(prefix));
  });

  afterAll(async () => {
    const { rows } = await admin.query<{ name: string }>(
      'SELECT rolname AS name FROM pg_roles WHERE starts_with(rolname, $1) OR rolname LIKE $2',
      [prefix, `t\\_%\\_${prefix.slice(0, -1)}`],
    );
    await admin.query(rows.map(({ name }) => `DROP OWNED BY ${name} CASCADE;`).join(''));
    await admin.query(rows.map(({ name }) => `DROP ROLE ${name};`).join(''));
    await admin.end();
    await database.drop();
  });

  const audit = (request: { asUrl?: string; probeWrites?: boolean; restoredUrl?: string }) =>
    auditDatabase({ ...CLEAN_OPTIONS, appRoles: [`${prefix}app`], url: database.adminUrl, ...request });

  /** Makes a hole for the time of `work`. */
  async function planted(make: string, mend: string, work: () => Promise<void>): Promise<void> {
    await admin.query(make);
    try {
      await work();
    } finally {
      await admin.query(mend);
    }
  }

  const namesOf = ({ findings }: Awaited<ReturnType<typeof audit>>): string[] =>
    findings.map(({ hole, probe, object }) => `${hole} ${probe} ${object.name}`).toSorted();

  it('finds nothing in the clean database, and says what it could not see', async () => {
    const report = await audit({ asUrl, probeWrites: true });
    expect(report.findings).toEqual([]);
    const status = Object.fromEntries(report.holes.map((hole) => [hole.number, hole.status]));
    expect([status[1], status[9], status[11], status[12], status[31]]).toEqual(Array(5).fill('clean'));
    expect([status[23], status[14]]).toEqual(['not run', 'partly']);
    for (const hole of report.holes) expect(hole.status === 'clean').toBe(hole.why === undefined);

    const blind = await audit({});
    expect(blind.holes.filter(({ status }) => status === 'not run').map(({ number }) => number)).toEqual([
      23, 31,
    ]);
  });

  it('writes nothing unless it is told to', async () => {
    const rows = () => admin.query('SELECT count(*) FROM app.customer');
    const before = await rows();
    await planted(
      "CREATE SEQUENCE app.attempts; GRANT USAGE ON SEQUENCE app.attempts TO PUBLIC; ALTER TABLE app.customer ALTER id SET DEFAULT md5(nextval('app.attempts')::text)::uuid",
      'ALTER TABLE app.customer ALTER id DROP DEFAULT; DROP SEQUENCE app.attempts',
      async () => {
        const attempts = async () =>
          (await admin.query('SELECT is_called FROM app.attempts')).rows[0].is_called;
        await audit({ asUrl });
        expect(await attempts()).toBe(false);
        await audit({ asUrl, probeWrites: true });
        expect(await attempts()).toBe(true);
      },
    );
    expect((await rows()).rows).toEqual(before.rows);
  });

  it('looks in a transaction that cannot write, and sees the names that the catalogue has', async () => {
    const looking = (text: string) =>
      readOnly(database.adminUrl, (sql) => sql.query<{ search_path: string }>(text));
    await expect(looking(`SELECT lo_create(0)`)).rejects.toMatchObject({ code: '25006' });
    await admin.query(
      `ALTER ROLE CURRENT_USER IN DATABASE ${new URL(asUrl).pathname.slice(1)} SET search_path = app`,
    );
    expect(await looking('SHOW search_path')).toEqual([{ search_path: 'pg_catalog, pg_temp' }]);
  });

  it('names a policy that lets rows be planted', async () => {
    await planted(
      'ALTER POLICY tenant ON app.customer WITH CHECK (tenant_id IS NOT NULL OR tenant_id = (SELECT app.current_tenant()))',
      'ALTER POLICY tenant ON app.customer WITH CHECK (tenant_id = (SELECT app.current_tenant()))',
      async () =>
        expect(namesOf(await audit({ asUrl, probeWrites: true }))).toEqual(['9 plants-rows app.customer']),
    );
  });

  it('names what is read without a context, and after one', async () => {
    const silent = (fallback: string) => `CREATE OR REPLACE FUNCTION app.current_tenant() RETURNS uuid
      LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$ DECLARE
      marker text := current_setting('app.tenant', true); BEGIN
      ${fallback} RETURN nullif(marker, '')::uuid; END $$`;
    const clean = silent(
      "IF marker IS NULL OR marker = '' THEN RAISE EXCEPTION 'none' USING ERRCODE = 'TN002'; END IF;",
    );
    const first = '(SELECT tenant_id FROM app.customer LIMIT 1)';
    const { rows } = await admin.query(`SELECT ${first} AS id`);
    // Falls back to a tenant; raises somewhere, so that nothing in its text gives it away.
    const whenUnset = `IF marker IS NULL THEN RETURN '${rows[0].id}'; END IF; IF marker = 'no' THEN RAISE EXCEPTION 'no'; END IF;`;
    const whenEmpty = `IF marker = '' THEN RETURN '${rows[0].id}'; END IF; IF marker IS NULL THEN RAISE EXCEPTION 'no'; END IF;`;
    await planted(silent(whenUnset), clean, async () =>
      expect(namesOf(await audit({ asUrl }))).toEqual(['1 reads-without-context app.customer']),
    );
    await planted(silent(whenEmpty), clean, async () =>
      expect(namesOf(await audit({ asUrl }))).toEqual(['11 reads-after-context app.customer']),
    );
  });

  it('names what outlives a borrower of a pool', async () => {
    const pooler = await oneSessionPooler(asUrl);
    await planted(
      `GRANT TEMPORARY ON DATABASE ${new URL(asUrl).pathname.slice(1)} TO ${prefix}app`,
      `REVOKE TEMPORARY ON DATABASE ${new URL(asUrl).pathname.slice(1)} FROM ${prefix}app`,
      async () => {
        const host = new URL(pooler.url).host;
        expect(namesOf(await audit({ asUrl: pooler.url, probeWrites: true }))).toEqual([
          `12 setting-outlives-borrower ${host}`,
          `31 statement-outlives-borrower ${host}`,
          `32 table-outlives-borrower ${host}`,
          expect.stringContaining('32 temporary-tables'),
        ]);
        // It has taken away what it left.
        expect(
          await connectedTo(
            pooler.url,
            async (client) => (await client.query('SELECT name FROM pg_prepared_statements')).rows,
          ),
        ).toEqual([]);
      },
    );
    await pooler.close();
  });

  describe('and compares a restored copy', () => {
    let restored: TestDatabase;

    beforeEach(async () => {
      restored = await testDatabase();
      await connectedTo(restored.adminUrl, (client) =>
        client.query('CREATE SCHEMA app; CREATE TABLE app.customer (tenant_id uuid, id uuid, email text)'),
      );
    });

    it('names tables whose tenants have other numbers of rows', async () => {
      const whole = () => audit({ restoredUrl: restored.adminUrl });
      const about = (report: Awaited<ReturnType<typeof audit>>) =>
        report.findings.find(({ object }) => object.name === 'app.customer')?.what;
      expect(about(await whole())).toBe('The restored copy has other numbers of rows for 2 of 2 tenants.');
      const { rows } = await admin.query<{ tenant_id: string; id: string; email: string }>(
        'SELECT * FROM app.customer',
      );
      await connectedTo(restored.adminUrl, async (client) => {
        for (const { tenant_id, id, email } of rows)
          await client.query('INSERT INTO app.customer VALUES ($1, $2, $3)', [tenant_id, id, email]);
      });
      const report = await whole();
      expect(about(report)).toBeUndefined();
      expect(namesOf(report)).toContain('23 restored-rows-differ app.invoice');
      await expect(audit({ restoredUrl: asUrl })).rejects.toThrow('bound by row security');
      await restored.drop();
    });
  });
});
