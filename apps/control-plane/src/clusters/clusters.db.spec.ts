import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pgExecutor } from '@tenantry/database';
import type { Page, Problem } from '@tenantry/service';
import { ApiHarness } from '../testing/api-harness.js';
import { NOBODY } from './capacity.js';
import type { ClusterTenant, ClusterView } from './cluster.view.js';
import { declareDefaultClusterTx } from './declare-default-cluster.js';

const UNLIMITED = { pooled: null, schema: null, database: null };

describe('clusters', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  it('begin with one, in the default region', async () => {
    const { body } = await api.call<Page<ClusterView>>('GET', '/v1/clusters');
    expect(body).toMatchObject({
      data: [
        {
          name: 'default',
          region: 'eu',
          state: 'open',
          weight: 100,
          labels: {},
          capacity: UNLIMITED,
          tenants: NOBODY,
        },
      ],
      nextCursor: null,
    });
    expect(await declareDefaultClusterTx(pgExecutor(api.control.admin), 'us')).toBe(false);
  });

  it('are created open, drained, and audited', async () => {
    const created = await api.call('POST', '/v1/clusters', { body: { name: 'us-1', region: 'us' } });
    expect([created.status, created.body]).toMatchObject([
      201,
      { name: 'us-1', region: 'us', state: 'open' },
    ]);
    const drained = await api.call('PATCH', '/v1/clusters/us-1', { body: { state: 'draining' } });
    expect([drained.status, drained.body]).toMatchObject([200, { name: 'us-1', state: 'draining' }]);
    await api.call('PATCH', '/v1/clusters/us-1', { body: { state: 'draining' } });
    const stale = { 'if-match': '"1"' };
    expect(
      (await api.call('PATCH', '/v1/clusters/us-1', { body: { state: 'open' }, headers: stale })).status,
    ).toBe(412);
    expect(await api.audit('clusters/us-1')).toMatchObject([
      {
        action: 'cluster.create',
        after: { region: 'us', state: 'open', weight: 100, capacity: {}, labels: {} },
      },
      { action: 'cluster.update', before: { state: 'open' }, after: { state: 'draining' } },
    ]);
  });

  it('are registered and read with their weight, labels and capacity', async () => {
    const labels = { tier: 'gold' };
    const body = {
      name: 'us-2',
      region: 'us',
      state: 'closed',
      weight: 300,
      labels,
      capacity: { schema: 10, pooled: null },
    };
    const created = await api.call<ClusterView>('POST', '/v1/clusters', { body });
    expect([created.status, created.body]).toMatchObject([
      201,
      {
        state: 'closed',
        weight: 300,
        labels,
        capacity: { pooled: null, schema: 10, database: null },
        tenants: NOBODY,
      },
    ]);
    const read = await api.call<ClusterView>('GET', '/v1/clusters/us-2');
    expect([read.headers.get('etag'), read.body]).toEqual(['"1"', created.body]);
  });

  it('are changed in what is said, and in nothing else', async () => {
    const before = (await api.call<ClusterView>('GET', '/v1/clusters/us-2')).body;
    const patch = (body: object) => api.call<ClusterView>('PATCH', '/v1/clusters/us-2', { body });
    expect((await patch({ capacity: { database: 0 } })).body).toEqual({
      ...before,
      capacity: { pooled: null, schema: 10, database: 0 },
      version: 2,
    });
    expect((await patch({ capacity: { schema: null, database: 0 }, weight: 1, labels: {} })).body).toEqual({
      ...before,
      capacity: { pooled: null, schema: null, database: 0 },
      weight: 1,
      labels: {},
      version: 3,
    });
    // What it is already changes nothing.
    expect((await patch({ capacity: { pooled: null }, weight: 1, labels: {} })).body.version).toBe(3);
    expect((await api.audit('clusters/us-2')).slice(1)).toMatchObject([
      { before: { capacity: { schema: 10 } }, after: { capacity: { schema: 10, database: 0 } } },
      {
        before: { weight: 300, labels: { tier: 'gold' } },
        after: { weight: 1, labels: {}, capacity: { database: 0 } },
      },
    ]);
  });

  it('go to another region while nobody is there', async () => {
    const patch = (name: string) =>
      api.call<Problem & ClusterView>('PATCH', `/v1/clusters/${name}`, { body: { region: 'ca' } });
    expect((await patch('us-2')).body.region).toBe('ca');
    const { tenant } = await api.control.create({ region: 'eu' });
    const refused = await patch('default');
    expect([refused.status, refused.body]).toMatchObject([
      409,
      { code: 'cluster-in-use', tenants: { pooled: 1 } },
    ]);
    expect(tenant.region).toBe('eu');
  });

  it('tell who is there, page by page', async () => {
    await api.call('POST', '/v1/clusters', { body: { name: 'jp-1', region: 'jp' } });
    const created = [];
    for (const isolation of ['pooled', 'schema', 'database'] as const)
      created.push((await api.control.create({ region: 'jp', isolation })).tenant);
    const first = await api.call<Page<ClusterTenant>>('GET', '/v1/clusters/jp-1/tenants?limit=2');
    const rest = await api.call<Page<ClusterTenant>>(
      'GET',
      `/v1/clusters/jp-1/tenants?cursor=${first.body.nextCursor}`,
    );
    expect([...first.body.data, ...rest.body.data]).toEqual(
      created.map(({ id, slug, state, isolation }) => ({ tenantId: id, slug, state, isolation })),
    );
    expect([first.body.data.length, rest.body.nextCursor]).toEqual([2, null]);
    expect((await api.call('GET', '/v1/clusters/jp-1/tenants?cursor=x')).status).toBe(400);
    expect((await api.call('GET', '/v1/clusters/unknown/tenants')).status).toBe(404);
  });

  it('have names of their own', async () => {
    const { status, body } = await api.call('POST', '/v1/clusters', {
      body: { name: 'default', region: 'eu' },
    });
    expect([status, body.code]).toEqual([409, 'cluster-name-taken']);
    expect(body.errors).toEqual([{ in: 'body', pointer: '/name', detail: 'is taken' }]);
  });

  it.each([
    ['POST', '/v1/clusters', { name: 'UPPER', region: 'eu' }, 400],
    ['POST', '/v1/clusters', { name: 'x'.repeat(64), region: 'eu' }, 400],
    ['POST', '/v1/clusters', { name: 'ok' }, 400],
    ['POST', '/v1/clusters', { name: 'ok', region: 'eu', state: 'broken' }, 400],
    ['PATCH', '/v1/clusters/default', { state: 'broken' }, 400],
    ['PATCH', '/v1/clusters/default', {}, 400],
    ['PATCH', '/v1/clusters/default', { state: null }, 400],
    ['PATCH', '/v1/clusters/default', { weight: 0 }, 400],
    ['PATCH', '/v1/clusters/default', { weight: 1.5 }, 400],
    ['PATCH', '/v1/clusters/default', { weight: '7' }, 400],
    ['PATCH', '/v1/clusters/default', { capacity: null }, 400],
    ['PATCH', '/v1/clusters/default', { capacity: [] }, 400],
    ['PATCH', '/v1/clusters/default', { capacity: { schema: -1 } }, 400],
    ['PATCH', '/v1/clusters/default', { capacity: { schema: '1' } }, 400],
    ['PATCH', '/v1/clusters/default', { capacity: { galaxy: 1 } }, 400],
    ['PATCH', '/v1/clusters/default', { labels: { UPPER: 'x' } }, 400],
    ['PATCH', '/v1/clusters/default', { credentials: 'x' }, 400],
    ['GET', '/v1/clusters/unknown', undefined, 404],
    ['GET', '/v1/clusters/UPPER', undefined, 404],
    ['PATCH', '/v1/clusters/unknown', { state: 'open' }, 404],
    ['PATCH', '/v1/clusters/UPPER%20', { state: 'open' }, 404],
  ])('answer %s %s %j with %i', async (method, path, body, status) => {
    expect((await api.call(method, path, { body })).status).toBe(status);
  });

  it('may be changed by administrators alone', async () => {
    const key = await api.keyFor('operator');
    const body = { name: 'x', region: 'x' };
    expect((await api.call('POST', '/v1/clusters', { key, body })).status).toBe(403);
    expect((await api.call('PATCH', '/v1/clusters/default', { key, body: { state: 'open' } })).status).toBe(
      403,
    );
  });
});
