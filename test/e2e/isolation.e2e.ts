import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, type ExecFileException } from 'node:child_process';
import path from 'node:path';
import { startSystem, testedTransports, type SystemUnderTest } from '@tenantry/testing/servers';
import { newId } from '@tenantry/kernel';
import { TenantSteps, type Isolation, type Tenant } from './tenant-steps.js';

const AUDIT = path.resolve(import.meta.dirname, '../../libs/isolation-audit/bin/tenantry-audit.mjs');

const MODELS: readonly [Isolation, Isolation][] = [
  ['pooled', 'pooled'],
  ['schema', 'schema'],
  ['pooled', 'schema'],
  ['schema', 'pooled'],
  ['database', 'database'],
  ['database', 'pooled'],
  ['schema', 'database'],
];

describe.each(testedTransports())('isolation on the %s transport', (transport) => {
  let system: SystemUnderTest;
  let steps: TenantSteps;
  const tenants = new Map<string, Tenant>();
  beforeAll(async () => {
    system = await startSystem({ transport, tenantDatabases: true });
    steps = new TenantSteps(system);
    for (const isolation of ['pooled', 'schema', 'database'] as const) {
      for (const side of ['mine', 'theirs'])
        tenants.set(`${isolation} ${side}`, await steps.active(isolation));
    }
  }, 180_000);
  afterAll(() => system?.stop());

  it.each(MODELS)('a %s tenant reaches nothing of a %s one, by any verb', async (mine, theirs) => {
    const me = tenants.get(`${mine} mine`)!;
    const they = tenants.get(`${theirs} theirs`)!;
    const project = await steps.project(they.id, 'Theirs');
    const theirClient = await steps.admitted(they.id);
    const document = (
      await theirClient.post<{ id: string }>(`/v1/projects/${project}/documents`, {
        title: 'Secret',
        content: 'theirs',
      })
    ).body.id;
    const etag = (await theirClient.get(`/v1/projects/${project}`)).headers.get('etag') ?? '"1"';
    const my = await steps.admitted(me.id);

    const { body: list } = await my.get<{ data: { id: string }[] }>('/v1/projects?limit=200');
    expect(list.data.map(({ id }) => id)).not.toContain(project);
    const attempts = [
      my.get(`/v1/projects/${project}`),
      my.patch(`/v1/projects/${project}`, { name: 'Mine now' }, { headers: { 'if-match': etag } }),
      my.delete(`/v1/projects/${project}`, { headers: { 'if-match': etag } }),
      my.get(`/v1/projects/${project}/documents`),
      my.post(`/v1/projects/${project}/documents`, { title: 'Planted' }),
      my.get(`/v1/projects/${project}/documents/${document}`),
      my.delete(`/v1/projects/${project}/documents/${document}`),
    ];
    // A missing id answers the same, to the letter but for the ids in it.
    const missing = newId();
    const control = [
      my.get(`/v1/projects/${missing}`),
      my.patch(`/v1/projects/${missing}`, { name: 'Mine now' }, { headers: { 'if-match': etag } }),
      my.delete(`/v1/projects/${missing}`, { headers: { 'if-match': etag } }),
      my.get(`/v1/projects/${missing}/documents`),
      my.post(`/v1/projects/${missing}/documents`, { title: 'Planted' }),
      my.get(`/v1/projects/${missing}/documents/${document}`),
      my.delete(`/v1/projects/${missing}/documents/${document}`),
    ];
    const shape = ({ status, body }: { status: number; body: unknown }) => {
      const { code, title, detail } = body as Record<string, unknown>;
      return { status, code, title, detail };
    };
    const foreign = (await Promise.all(attempts)).map(shape);
    expect(foreign.map(({ status }) => status)).toEqual(attempts.map(() => 404));
    expect(foreign).toEqual((await Promise.all(control)).map(shape));

    expect((await theirClient.get<{ name: string }>(`/v1/projects/${project}`)).body.name).toBe('Theirs');
    const { body: documents } = await theirClient.get<{ data: { title: string }[] }>(
      `/v1/projects/${project}/documents`,
    );
    expect(documents.data.map(({ title }) => title)).toEqual(['Secret']);
  });

  it('lets nobody in without a tenant, with an unknown one, or with a malformed one', async () => {
    const anonymous = system.data;
    expect((await anonymous.get('/v1/projects')).status).toBe(400);
    expect((await steps.as(newId()).get('/v1/projects')).status).toBe(404);
    expect([400, 404]).toContain((await steps.as('not-a-uuid').get('/v1/projects')).status);
    expect((await steps.as(tenants.get('pooled mine')!.id).withKey().get('/v1/projects')).status).toBe(401);
    expect(
      (await steps.as(tenants.get('pooled mine')!.id).withKey('tnt_wrong').get('/v1/projects')).status,
    ).toBe(401);
  });

  it('lets the database refuse the serving login without a context, table by table and verb by verb', async () => {
    const tables = await steps.rows<{ schema: string; name: string }>(
      'data-plane',
      `
      SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
      WHERE c.relkind IN ('r', 'p') AND (n.nspname LIKE 'pooled%' OR n.nspname LIKE 't\\_%')`,
    );
    expect(tables.length).toBeGreaterThanOrEqual(9);
    let tried = 0;
    for (const { schema, name } of tables) {
      const target = `"${schema}"."${name}"`;
      for (const text of [
        `SELECT 1 FROM ${target}`,
        `INSERT INTO ${target} DEFAULT VALUES`,
        `UPDATE ${target} SET tenant_id = tenant_id`,
        `DELETE FROM ${target}`,
      ]) {
        // As the group role that the serving login has its rights from.
        await expect(steps.rows('data-plane', `SET ROLE tenantry_app; ${text}`)).rejects.toThrow(
          /context|permission denied/i,
        );
        tried += 1;
      }
    }
    expect(tried).toBe(tables.length * 4);
  });

  it('gives the isolation audit nothing to name, until there is something', async () => {
    const url = system.adminUrls['data-plane'];
    expect(await audit(url)).toEqual({ status: 0, found: [] });
    await steps.rows('data-plane', 'GRANT TRUNCATE ON pooled_primary.project TO tenantry_app');
    expect(await audit(url)).toEqual({ status: 1, found: ['beyond-rows pooled_primary.project'] });
    await steps.rows('data-plane', 'REVOKE TRUNCATE ON pooled_primary.project FROM tenantry_app');
  });
});

/** The command as a person calls it. */
async function audit(url: string): Promise<{ status: unknown; found: string[] }> {
  const { error, out } = await new Promise<{ error: ExecFileException | null; out: string }>((resolve) => {
    const args = [AUDIT, '--url', 'env:AUDITED', '--format', 'json'];
    execFile(process.execPath, args, { env: { AUDITED: url } }, (error, out) => resolve({ error, out }));
  });
  const report = JSON.parse(out) as { findings: { probe: string; object: { name: string } }[] };
  return {
    status: error?.code ?? 0,
    found: report.findings.map(({ probe, object }) => `${probe} ${object.name}`),
  };
}
