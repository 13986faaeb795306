import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from '@tenantry/service';
import { ApiHarness } from '../testing/api-harness.js';
import type { TenantRoutesView } from './route.view.js';

describe('routes', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  it("are a tenant's, by store", async () => {
    const tenantId = await api.control.active({ isolation: 'schema' });
    const { status, body } = await api.call<TenantRoutesView>('GET', `/v1/routes/${tenantId}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      tenantId,
      routes: [
        {
          tenantId,
          store: 'primary',
          isolation: 'schema',
          cluster: 'default',
          database: null,
          schema: `t_${tenantId.replaceAll('-', '')}_primary`,
          access: 'open',
          generation: 1,
          revision: 2,
        },
      ],
    });
    expect((await api.call('GET', `/v1/routes/${tenantId.toUpperCase()}`)).body).toEqual(body);
  });

  it("lead to a database of the tenant's own, laid out as the shared one", async () => {
    const tenantId = await api.control.active({ isolation: 'database' });
    const { body } = await api.call<TenantRoutesView>('GET', `/v1/routes/${tenantId}`);
    expect(body.routes).toMatchObject([
      {
        isolation: 'database',
        cluster: 'default',
        database: `t_${tenantId.replaceAll('-', '')}_primary`,
        schema: 'pooled_primary',
      },
    ]);
  });

  it('are none before the tenant is placed', async () => {
    const { tenant } = await api.control.create();
    const { body } = await api.call('GET', `/v1/routes/${tenant.id}`);
    expect(body).toEqual({ tenantId: tenant.id, routes: [] });
  });

  it('are the same 404 for an unknown tenant and for what is no id', async () => {
    const answers = await Promise.all(
      ['01890000-0000-7000-8000-000000000000', 'nonsense', '%27'].map((id) =>
        api.call('GET', `/v1/routes/${id}`),
      ),
    );
    const [unknown, ...malformed] = answers.map(({ status, body }) => ({
      status,
      code: body.code,
      detail: body.detail,
    }));
    expect(unknown).toMatchObject({ status: 404, code: 'tenant-not-found' });
    expect(malformed).toEqual([unknown, unknown]);
  });

  it('are a snapshot, page by page and tenant by tenant', async () => {
    for (let i = 0; i < 5; i += 1) await api.control.active();
    const rows = await api.control.rows<{ id: string }>(
      'SELECT DISTINCT tenant_id AS id FROM tenantry.route ORDER BY tenant_id',
    );
    const seen: TenantRoutesView[] = [];
    let path: string | undefined = '/v1/routes?limit=2';
    while (path) {
      const { body }: { body: Page<TenantRoutesView> } = await api.call('GET', path);
      seen.push(...body.data);
      path = body.nextCursor === null ? undefined : `/v1/routes?limit=2&cursor=${body.nextCursor}`;
    }
    expect(seen.map(({ tenantId }) => tenantId)).toEqual(rows.map(({ id }) => id));
    expect(
      seen.every(({ tenantId, routes }) => routes.length === 1 && routes[0]?.tenantId === tenantId),
    ).toBe(true);
  });

  it('refuse cursors and limits that nobody gave', async () => {
    const number = Buffer.from('7').toString('base64url');
    for (const query of ['cursor=x', `cursor=${number}`, 'limit=0', 'limit=201', 'limit=x', 'tenant=x']) {
      expect((await api.call('GET', `/v1/routes?${query}`)).status).toBe(400);
    }
  });
});
