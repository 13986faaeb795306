import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, testedTransports, type SystemUnderTest } from '@tenantry/testing/servers';
import { EventReader, waitFor } from '@tenantry/testing';
import { schemaOf, TenantSteps, type Accepted, type Isolation } from './tenant-steps.js';

describe.each(testedTransports())('the lifecycle on the %s transport', (transport) => {
  let system: SystemUnderTest;
  let steps: TenantSteps;
  beforeAll(async () => {
    system = await startSystem({ transport, tenantDatabases: true });
    steps = new TenantSteps(system);
  }, 120_000);
  afterAll(() => system?.stop());

  it.each<Isolation>(['pooled', 'schema', 'database'])(
    'runs whole for a %s tenant',
    async (isolation) => {
      const { tenant, operation } = await steps.create(isolation);
      expect(['REQUESTED', 'PROVISIONING']).toContain(tenant.state);
      await steps.reaches(tenant.id, 'ACTIVE');
      const provisioned = await steps.operation(operation.id);
      expect(provisioned).toMatchObject({
        state: 'succeeded',
        tasks: [{ participant: 'reference', state: 'succeeded' }],
      });

      const { body: found } = await system.control.get<{ routes: unknown[] }>(`/v1/routes/${tenant.id}`);
      const schema = isolation === 'schema' ? schemaOf(tenant.id) : 'pooled_primary';
      const database = isolation === 'database' ? schemaOf(tenant.id) : null;
      expect(found.routes).toEqual([
        expect.objectContaining({
          store: 'primary',
          isolation,
          cluster: 'default',
          database,
          schema,
          access: 'open',
          generation: 1,
        }),
      ]);

      const client = await steps.admitted(tenant.id);
      const { body: roles } = await client.get<{ data: { name: string }[] }>('/v1/roles');
      expect(roles.data.map(({ name }) => name).sort()).toEqual(['admin', 'billing', 'member', 'read-only']);
      const project = await steps.project(tenant.id, 'Kept through a suspension');

      await steps.suspend(tenant.id);
      await steps.reaches(tenant.id, 'SUSPENDED');
      const refused = await client.get<{ code: string }>('/v1/projects');
      expect([refused.status, refused.body.code]).toEqual([403, 'tenant-suspended']);

      await steps.reactivate(tenant.id);
      await steps.reaches(tenant.id, 'ACTIVE');
      await steps.admitted(tenant.id);
      expect((await client.get<{ name: string }>(`/v1/projects/${project}`)).body.name).toBe(
        'Kept through a suspension',
      );

      expect((await steps.delete(tenant, 'P1D')).status).toBe(202);
      await waitFor('the tenant to be closed', async () => (await client.get('/v1/projects')).status === 403);
      expect((await steps.read(tenant.id)).state).toBe('DELETION_SCHEDULED');
      expect((await steps.cancelDeletion(tenant.id)).status).toBe(202);
      await steps.reaches(tenant.id, 'ACTIVE');
      await steps.admitted(tenant.id);

      expect((await steps.delete(tenant, 'PT1S')).status).toBe(202);
      await steps.reaches(tenant.id, 'PURGED');
      const { body: operations } = await system.control.get<{ data: { id: string; kind: string }[] }>(
        `/v1/operations?tenantId=${tenant.id}`,
      );
      const purge = await steps.operation(operations.data.find(({ kind }) => kind === 'purge')?.id ?? 'none');
      expect(purge.tasks.map(({ participant }) => participant)).toEqual(['reference', 'verifier']);
      const evidence = purge.tasks[0]?.evidence as {
        tables: Record<string, { rowsBefore: number; rowsAfter: number }>;
        schemasDropped: string[];
        databasesDropped: string[];
      };
      const place = database === null ? schema : `${database}/${schema}`;
      expect(evidence.tables[`${place}.project`]).toEqual({ rowsBefore: 1, rowsAfter: 0 });
      expect(evidence.tables[`${place}.role`]).toEqual({ rowsBefore: 4, rowsAfter: 0 });
      expect(evidence.schemasDropped).toEqual(isolation === 'schema' ? [schema] : []);
      expect(evidence.databasesDropped).toEqual(database === null ? [] : [database]);

      // The evidence is the service's word; the catalogue is not.
      expect(
        await steps.rows(
          'data-plane',
          `SELECT nspname FROM pg_namespace WHERE nspname LIKE $1 UNION ALL SELECT datname FROM pg_database WHERE datname LIKE $1
           UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE $1`,
          [`t_${tenant.id.replaceAll('-', '')}%`],
        ),
      ).toEqual([]);
      expect(
        await steps.rows('data-plane', 'SELECT 1 FROM pooled_primary.project WHERE tenant_id = $1', [
          tenant.id,
        ]),
      ).toEqual([]);
      await waitFor('the tenant to be gone', async () => (await client.get('/v1/projects')).status === 404);
      expect(
        (await system.control.get<{ routes: unknown[] }>(`/v1/routes/${tenant.id}`)).body.routes,
      ).toEqual([]);
    },
    120_000,
  );

  it('streams to whoever watches until the tenant is purged, through an interruption', async () => {
    const { tenant } = await steps.create();
    const url = `${system.control.baseUrl}/v1/tenants/${tenant.id}/watch`;
    const authorization = `Bearer ${system.apiKey}`;
    const state = (reader: EventReader): unknown =>
      (reader.events.findLast(({ event }) => event === 'explanation')?.data as { state?: string } | undefined)
        ?.state;
    const first = await EventReader.open(url, { authorization });
    await waitFor('it to be seen active', () => state(first) === 'ACTIVE', 45_000);
    first.close();
    await steps.delete(tenant, 'PT1S');
    const again = await EventReader.open(url, {
      authorization,
      'last-event-id': first.events.at(-1)?.id ?? '',
    });
    await waitFor('the stream to end', () => again.ended, 45_000);
    expect([state(again), again.events.at(-1)?.data]).toEqual(['PURGED', { reason: 'purged' }]);
    const { body } = await system.control.get<{ summary: string; blockedBy: unknown[] }>(
      `/v1/tenants/${tenant.id}/explain`,
    );
    expect(body.blockedBy).toEqual([]);
    expect(body.summary).toContain('its data is destroyed and everyone has shown it');
  }, 120_000);

  it('makes one tenant of one Idempotency-Key, however often and at once it is sent', async () => {
    const slug = steps.slug();
    const send = () =>
      system.control.post<Accepted>(
        '/v1/tenants',
        { slug, name: 'Once' },
        { headers: { 'idempotency-key': slug } },
      );
    const answers = await Promise.all([send(), send(), send()]);
    expect(answers.every(({ status }) => status === 202 || status === 409)).toBe(true);
    const again = await send();
    expect(again.status).toBe(202);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const ids = new Set(
      [...answers, again].filter(({ status }) => status === 202).map(({ body }) => body.tenant.id),
    );
    expect(ids.size).toBe(1);
    const { body: list } = await system.control.get<{ data: unknown[] }>(`/v1/tenants?slug=${slug}`);
    expect(list.data).toHaveLength(1);
    const other = await system.control.post(
      '/v1/tenants',
      { slug: steps.slug(), name: 'Other' },
      { headers: { 'idempotency-key': slug } },
    );
    expect(other.status).toBe(422);
    await steps.reaches([...ids][0] ?? '', 'ACTIVE');
  });

  it('lists by keyset and filters', async () => {
    const slugs = ['page-a', 'page-b', 'page-c'];
    for (const slug of slugs) {
      const { status } = await system.control.post('/v1/tenants', {
        slug,
        name: slug,
        plan: 'gold',
        labels: { team: slug },
      });
      expect(status).toBe(202);
    }
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor ? `&cursor=${cursor}` : '';
      const { body } = await system.control.get<{ data: { slug: string }[]; nextCursor: string | null }>(
        `/v1/tenants?plan=gold&limit=2${query}`,
      );
      seen.push(...body.data.map(({ slug }) => slug));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(slugs);
    const found = async (query: string): Promise<string[]> =>
      (await system.control.get<{ data: { slug: string }[] }>(`/v1/tenants?${query}`)).body.data.map(
        ({ slug }) => slug,
      );
    expect(await found('label=team:page-b')).toEqual(['page-b']);
    expect(await found('slugPrefix=page-&region=default')).toEqual(slugs);
    expect(await found('slugPrefix=page-&state=PURGED')).toEqual([]);
  });

  it('updates with If-Match and refuses a stale one', async () => {
    const tenant = await steps.active();
    const { headers } = await system.control.get(`/v1/tenants/${tenant.id}`);
    const etag = headers.get('etag') ?? '';
    const update = (ifMatch: Record<string, string>) =>
      system.control.patch<{ name: string; plan: string }>(
        `/v1/tenants/${tenant.id}`,
        { name: 'New name', plan: 'gold' },
        { headers: ifMatch },
      );
    expect((await update({})).status).toBe(428);
    const updated = await update({ 'if-match': etag });
    expect([updated.status, updated.body.name, updated.body.plan]).toEqual([200, 'New name', 'gold']);
    expect((await update({ 'if-match': etag })).status).toBe(412);
  });

  it('publishes each tenant’s events in one sequence without gaps', async () => {
    await steps.active();
    const gaps = await steps.rows(
      'control-plane',
      `
      SELECT tenant_id FROM (SELECT tenant_id, tenant_seq, row_number() OVER (PARTITION BY tenant_id ORDER BY tenant_seq) AS n FROM tenantry.tenant_event) e
      WHERE tenant_seq <> n`,
    );
    expect(gaps).toEqual([]);
    await waitFor(
      'the outbox to be empty',
      async () =>
        (await steps.rows('control-plane', 'SELECT 1 FROM tenantry.outbox_pending LIMIT 1')).length === 0,
    );
  });

  it('serves its documentation and probes', async () => {
    for (const client of [system.control, system.data]) {
      const anonymous = client.withKey();
      expect((await anonymous.get('/livez')).status).toBe(200);
      expect((await anonymous.get('/readyz')).status).toBe(200);
      expect((await anonymous.get('/docs')).status).toBe(200);
      expect((await anonymous.get('/openapi.json')).status).toBe(200);
    }
  });
});
