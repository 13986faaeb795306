import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pgExecutor } from '@tenantry/database';
import type { Page } from '@tenantry/service';
import { ApiHarness } from '../testing/api-harness.js';
import type { ClusterView } from './cluster.view.js';
import { declareDefaultClusterTx } from './declare-default-cluster.js';

describe('clusters', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  it('begin with one, in the default region', async () => {
    const { body } = await api.call<Page<ClusterView>>('GET', '/v1/clusters');
    expect(body).toMatchObject({
      data: [{ name: 'default', region: 'eu', state: 'open' }],
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
      { action: 'cluster.create', after: { region: 'us', state: 'open' } },
      { action: 'cluster.update', before: { state: 'open' }, after: { state: 'draining' } },
    ]);
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
    ['PATCH', '/v1/clusters/default', { state: 'broken' }, 400],
    ['PATCH', '/v1/clusters/default', {}, 400],
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
