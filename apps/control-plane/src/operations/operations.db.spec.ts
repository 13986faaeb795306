import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from '@tenantry/service';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import { ApiHarness } from '../testing/api-harness.js';
import { TESTER } from '../testing/lifecycle-harness.js';
import type { OperationView } from './operation.view.js';

describe('operations', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  function get(id: string): ReturnType<typeof api.call<OperationView>> {
    return api.call<OperationView>('GET', `/v1/operations/${id}`);
  }

  function list(query: string): ReturnType<typeof api.call<Page<OperationView>>> {
    return api.call<Page<OperationView>>('GET', `/v1/operations?${query}`);
  }

  it('show their tasks, and ask to come back until they are finished', async () => {
    const { tenant, operation } = await api.control.create();
    const pending = await get(operation.id);
    expect([pending.status, pending.headers.get('retry-after')]).toEqual([200, '1']);
    expect(pending.body).toEqual({ ...operation, tasks: [] });

    await api.control.reconcile(tenant.id);
    const running = await get(operation.id);
    expect(running.body.state).toBe('running');
    expect(running.body.tasks).toMatchObject([
      { participant: 'reference', required: true, state: 'pending', attempts: 1, finishedAt: null },
    ]);

    await api.control.acknowledge(tenant.id, { evidence: { rolesSeeded: 4 } });
    await api.control.reconcile(tenant.id);
    const done = await get(operation.id);
    expect([done.body.state, done.headers.get('retry-after')]).toEqual(['succeeded', null]);
    expect(done.body.finishedAt).toMatch(/Z$/);
    expect(done.body.tasks).toMatchObject([{ state: 'succeeded', evidence: { rolesSeeded: 4 } }]);
  });

  it('are listed newest first, by tenant and by state', async () => {
    const tenantId = await api.control.active();
    const { operation } = await api.control.commands.execute(new SuspendTenant(tenantId, 'unpaid', TESTER));
    const ofTenant = await list(`tenantId=${tenantId}`);
    expect(ofTenant.body.data.map(({ kind }) => kind)).toEqual(['suspend', 'provision']);
    expect(ofTenant.body.data[1]?.tasks).toMatchObject([{ participant: 'reference', state: 'succeeded' }]);
    const unfinished = await list(`tenantId=${tenantId}&state=pending`);
    expect(unfinished.body.data).toEqual([{ ...operation, tasks: [] }]);
    expect((await list('tenantId=01890000-0000-7000-8000-000000000000')).body).toEqual({
      data: [],
      nextCursor: null,
    });
  });

  it('are listed page by page', async () => {
    await api.control.active();
    await api.control.active();
    const rows = await api.control.rows<{ id: string }>('SELECT id FROM tenantry.operation ORDER BY id DESC');
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body }: { body: Page<OperationView> } = await list(`limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.data.map(({ id }) => id));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  it.each([
    ['/v1/operations/01890000-0000-7000-8000-000000000000', 404],
    ['/v1/operations/nonsense', 404],
    ['/v1/operations?tenantId=nonsense', 400],
    ['/v1/operations?state=done', 400],
    ['/v1/operations?state=', 400],
    ['/v1/operations?cursor=nonsense', 400],
    ['/v1/operations?tenantId[]=x', 400],
  ])('answer %s with %i', async (path, status) => {
    expect((await api.call('GET', path)).status).toBe(status);
  });
});
