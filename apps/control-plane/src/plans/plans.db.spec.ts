import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page, Problem } from '@tenantry/service';
import { ApiHarness } from '../testing/api-harness.js';
import type { PlanRuleView } from './plan-rule.view.js';

describe('the rules of plans', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  const put = (plan: string, body: object, headers: Record<string, string> = {}) =>
    api.call<Problem & PlanRuleView>('PUT', `/v1/plans/${plan}`, { body, headers });

  it('are written, read, replaced, taken back and audited', async () => {
    const first = { isolations: ['database'], clusterLabels: { tier: 'gold' } };
    const created = await put('gold', first);
    expect([created.status, created.body]).toMatchObject([201, { plan: 'gold', ...first, version: 1 }]);
    const second = { isolations: ['schema', 'pooled'], clusterLabels: {} };
    expect((await put('gold', { isolations: second.isolations }, { 'if-match': '"1"' })).status).toBe(200);
    // The same again changes nothing.
    expect((await put('gold', second)).body.version).toBe(2);
    const read = await api.call<PlanRuleView>('GET', '/v1/plans/gold');
    expect([read.headers.get('etag'), read.body]).toMatchObject(['"2"', { plan: 'gold', ...second }]);
    expect((await put('gold', first, { 'if-match': '"1"' })).status).toBe(412);
    expect((await put('iron', first, { 'if-match': '"1"' })).status).toBe(412);
    expect((await api.call('DELETE', '/v1/plans/gold')).status).toBe(204);
    expect((await api.call('GET', '/v1/plans/gold')).status).toBe(404);
    expect(await api.audit('plans/gold')).toMatchObject([
      { action: 'plan.create', after: first },
      { action: 'plan.replace', before: first, after: second },
      { action: 'plan.remove', before: second, after: null },
    ]);
  });

  it('are listed by plan, page by page', async () => {
    for (const plan of ['c', 'a', 'b']) await put(plan, { isolations: ['pooled'] });
    const first = await api.call<Page<PlanRuleView>>('GET', '/v1/plans?limit=2');
    expect(first.body.data.map(({ plan }) => plan)).toEqual(['a', 'b']);
    const second = await api.call<Page<PlanRuleView>>('GET', `/v1/plans?cursor=${first.body.nextCursor}`);
    expect([second.body.data.map(({ plan }) => plan), second.body.nextCursor]).toEqual([['c'], null]);
    expect((await api.call('GET', '/v1/plans?cursor=x')).status).toBe(400);
  });

  it.each([
    ['PUT', '/v1/plans/gold', {}, 400],
    ['PUT', '/v1/plans/gold', { isolations: [] }, 400],
    ['PUT', '/v1/plans/gold', { isolations: ['galaxy'] }, 400],
    ['PUT', '/v1/plans/gold', { isolations: ['pooled', 'pooled'] }, 400],
    ['PUT', '/v1/plans/gold', { isolations: ['pooled'], clusterLabels: { tier: 1 } }, 400],
    ['PUT', '/v1/plans/gold', { isolations: ['pooled'], clusterLabels: null }, 400],
    ['PUT', '/v1/plans/UPPER', { isolations: ['pooled'] }, 400],
    ['GET', '/v1/plans/UPPER', undefined, 404],
    ['DELETE', '/v1/plans/unknown', undefined, 404],
    ['DELETE', '/v1/plans/%27', undefined, 404],
  ])('answer %s %s %j with %i', async (method, path, body, status) => {
    expect((await api.call(method, path, { body })).status).toBe(status);
  });

  it('may be changed by administrators alone', async () => {
    const key = await api.keyFor('operator');
    const body = { isolations: ['pooled'] };
    expect((await api.call('PUT', '/v1/plans/x', { key, body })).status).toBe(403);
    expect((await api.call('DELETE', '/v1/plans/x', { key })).status).toBe(403);
    expect((await api.call('GET', '/v1/plans', { key })).status).toBe(200);
  });
});
