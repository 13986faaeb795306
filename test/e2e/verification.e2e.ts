import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, testedTransports, type SystemUnderTest } from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { Client } from 'pg';
import { TenantSteps, type Operation } from './tenant-steps.js';

const RETRY = { reason: 'the forgotten rows are gone' };

describe.each(testedTransports())('the verification of purges on the %s transport', (transport) => {
  let system: SystemUnderTest;
  let steps: TenantSteps;
  beforeAll(async () => {
    const env = { 'control-plane': { REQUEST_BACKOFF_BASE_MS: '500', REQUEST_BACKOFF_MAX_MS: '2000' } };
    system = await startSystem({ transport, env });
    steps = new TenantSteps(system);
  }, 120_000);
  afterAll(() => system?.stop());

  const verification = (purge: Operation | undefined) =>
    purge?.tasks.find(({ participant }) => participant === 'verifier');

  const requests = (tenantId: string) =>
    steps.rows<{ type: string; generation: string }>(
      'control-plane',
      `SELECT type, envelope->'data'->>'generation' AS generation FROM tenantry.tenant_event
       WHERE tenant_id = $1 AND type IN ('tenant.purge_requested.v1', 'tenant.verification_requested.v1') ORDER BY tenant_seq`,
      [tenantId],
    );

  /** Another database of the data plane's server, that no service knows of; with a table as somebody forgets one. */
  async function withForgottenTable<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const admin = new Client({ connectionString: system.adminUrls['data-plane'] });
    const name = new URL(system.adminUrls['data-plane']).pathname.slice(1).replace(/_data$/, '_reports');
    const url = new URL(system.adminUrls['data-plane']);
    url.pathname = `/${name}`;
    const client = new Client({ connectionString: url.href });
    await admin.connect();
    try {
      await admin.query(`CREATE DATABASE ${name} TEMPLATE template0`);
      await client.connect();
      await client.query('CREATE TABLE forgotten (tenant_id uuid NOT NULL, note text)');
      return await work(client);
    } finally {
      await client.end();
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    }
  }

  it('comes after everyone has purged, and PURGED after it', async () => {
    const tenant = await steps.active('schema');
    await steps.project(tenant.id);
    await system.shutDown('verifier');
    await steps.delete(tenant, 'PT0S');
    await waitFor('the verifier to be asked', async () => verification(await steps.purge(tenant.id)));
    const waiting = await steps.purge(tenant.id);
    expect(waiting).toMatchObject({
      state: 'running',
      tasks: [
        { participant: 'reference', state: 'succeeded' },
        { participant: 'verifier', state: 'pending' },
      ],
    });
    expect((await steps.read(tenant.id)).state).toBe('PURGING');

    await system.start('verifier');
    await steps.reaches(tenant.id, 'PURGED');
    expect(verification(await steps.purge(tenant.id))).toMatchObject({
      state: 'succeeded',
      evidence: { clean: true, databasesScanned: 2, remains: { 'tenantry.tombstone': 1 }, unscannable: [] },
    });
    expect((await requests(tenant.id))[0]?.type).toBe('tenant.purge_requested.v1');
    const asked = (await requests(tenant.id)).filter(
      ({ type }) => type === 'tenant.verification_requested.v1',
    );
    expect(asked.length).toBeGreaterThan(0);
  }, 90_000);

  it('refuses a purge that has left a forgotten table, names it, and passes when an operator has cleaned up', async () => {
    const tenant = await steps.active();
    await withForgottenTable(async (client) => {
      await client.query('INSERT INTO forgotten SELECT $1::uuid, $2 FROM generate_series(1, 3)', [
        tenant.id,
        'x',
      ]);
      await client.query('INSERT INTO forgotten VALUES (gen_random_uuid(), $1)', ['another tenant’s']);
      await steps.delete(tenant, 'PT0S');
      const failed = await waitFor('the purge to fail', async () => {
        const purge = await steps.purge(tenant.id);
        // The operation follows its task, in a transaction of its own.
        return purge?.state === 'failed' && verification(purge)?.state === 'failed' && purge;
      });
      expect(verification(failed)).toMatchObject({
        lastError: expect.stringMatching(
          /^Something of the tenant is left: 3 rows in public\.forgotten of default\/\w+_reports\.$/,
        ),
        evidence: { clean: false },
      });
      const tables = (verification(failed)?.evidence as { databases: { tables: unknown[] }[] }).databases;
      expect(tables[0]?.tables).toEqual([{ schema: 'public', table: 'forgotten', rows: 3 }]);
      const { state, conditions } = await steps.read(tenant.id);
      expect(state).toBe('PURGING');
      expect(conditions).toContainEqual(expect.objectContaining({ type: 'failed' }));
      expect(failed.state).toBe('failed');

      const retry = () => system.control.post<Operation>(`/v1/operations/${failed.id}/retry`, RETRY);
      // Asking again does not help while it is there.
      expect((await retry()).status).toBe(202);
      await waitFor('the scan to fail again', async () => {
        const purge = await steps.purge(tenant.id);
        const asked = verification(purge);
        return purge?.state === 'failed' && asked?.state === 'failed' && asked.attempts > 1;
      });
      expect((await steps.read(tenant.id)).state).toBe('PURGING');

      await client.query('DELETE FROM forgotten WHERE tenant_id = $1', [tenant.id]);
      expect((await retry()).status).toBe(202);
      await steps.reaches(tenant.id, 'PURGED');
      expect(verification(await steps.purge(tenant.id))).toMatchObject({
        state: 'succeeded',
        evidence: { clean: true, databasesScanned: 3 },
      });
    });
  }, 120_000);

  it('is asked again while a database cannot be looked at, and passes by itself when it can', async () => {
    const tenant = await steps.active();
    await withForgottenTable(async (client) => {
      await client.query('BEGIN; LOCK TABLE forgotten');
      await steps.delete(tenant, 'PT0S');
      const failed = await waitFor(
        'the scan to give up',
        async () => {
          const task = verification(await steps.purge(tenant.id));
          return task?.lastError ? task : undefined;
        },
        45_000,
      );
      expect(failed.lastError).toMatch(
        /^Not everything could be scanned: public\.forgotten of .*keeps it locked/,
      );
      expect((await steps.read(tenant.id)).state).toBe('PURGING');
      await client.query('COMMIT');
      await steps.reaches(tenant.id, 'PURGED');
    });
  }, 120_000);

  it('survives the end of its process in the middle', async () => {
    const tenant = await steps.active();
    await system.shutDown('verifier');
    await system.start('verifier', { TENANTRY_CRASH_AT: 'kit.verify.scanned' });
    await steps.delete(tenant, 'PT0S');
    expect(await system.ended('verifier')).not.toBe(0);
    await system.start('verifier');
    await steps.reaches(tenant.id, 'PURGED');
  }, 120_000);
});
