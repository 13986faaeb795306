import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from '@tenantry/service';
import { ApiHarness } from '../testing/api-harness.js';
import type { TenantEventView } from './tenant-event.view.js';

describe('GET /v1/tenants/{id}/events', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  it('lists what was published about a tenant, newest first, page by page', async () => {
    const id = await api.control.active();
    await api.control.active();
    const seen: TenantEventView[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor ? `&cursor=${cursor}` : '';
      const { body } = await api.call<Page<TenantEventView>>(
        'GET',
        `/v1/tenants/${id}/events?limit=2${query}`,
      );
      seen.push(...body.data);
      cursor = body.nextCursor;
    }
    expect(seen.map(({ type }) => type).reverse()).toEqual(await api.control.events(id));
    expect(seen.map(({ tenantSeq }) => tenantSeq)).toEqual([3, 2, 1]);
    expect(seen[0]).toMatchObject({
      type: 'tenant.provisioned.v1',
      generation: 1,
      data: { generation: 1, state: 'ACTIVE' },
    });
  });

  it('knows a tenant without events from one that is not there', async () => {
    const { tenant } = await api.control.create();
    const { body } = await api.call<Page<TenantEventView>>('GET', `/v1/tenants/${tenant.id}/events`);
    expect(body).toEqual({ data: [], nextCursor: null });
    for (const id of ['01890000-0000-7000-8000-000000000000', 'nonsense'])
      expect((await api.call('GET', `/v1/tenants/${id}/events`)).status).toBe(404);
    expect((await api.call('GET', `/v1/tenants/${tenant.id}/events?cursor=IngiCg`)).status).toBe(400);
  });
});
