import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from '@tenantry/service';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import { ApiHarness } from '../testing/api-harness.js';
import { TESTER } from '../testing/lifecycle-harness.js';
import { STUCK_SQL } from './stuck.read-model.js';
import type { StuckView } from './stuck.view.js';

describe('GET /v1/stuck', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  async function stuck(limit = 50): Promise<StuckView[]> {
    const seen: StuckView[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor ? `&cursor=${cursor}` : '';
      const { status, body } = await api.call<Page<StuckView>>('GET', `/v1/stuck?limit=${limit}${query}`);
      expect(status).toBe(200);
      seen.push(...body.data);
      cursor = body.nextCursor;
    }
    return seen;
  }

  async function late(ago: string): Promise<string> {
    const { tenant, operation } = await api.control.create();
    await api.control.reconcile(tenant.id);
    await api.control.rows(
      'UPDATE tenantry.operation SET deadline = tenantry.now() - $2::interval WHERE id = $1',
      [operation.id, ago],
    );
    return tenant.id;
  }

  it('lists what is past its deadline and what has failed, the oldest deadline first, page by page', async () => {
    const { control } = api;
    const fine = await control.create();
    await control.reconcile(fine.tenant.id);
    const hour = await late('1 hour');
    const day = await late('1 day');
    const failed = await late('2 hours');
    await control.acknowledge(failed, { outcome: 'failed', retryable: false, error: 'no such plan' });
    await control.reconcile(failed);
    const overtaken = await late('3 days');
    await control.acknowledge(overtaken, { outcome: 'failed', retryable: false });
    await control.reconcile(overtaken);
    await control.commands.execute(new SuspendTenant(overtaken, 'it does not come up', TESTER));

    const all = await stuck();
    expect(all.map(({ tenant }) => tenant.id)).toEqual([day, failed, hour]);
    expect(all[1]).toMatchObject({
      tenant: { state: 'PROVISIONING' },
      operation: { kind: 'provision', state: 'failed', generation: 1 },
      blockedBy: 'reference',
      blockers: [{ kind: 'failed', participant: 'reference' }],
      participants: [{ participant: 'reference', status: 'failed', attempts: 1, lastError: 'no such plan' }],
    });
    expect(await stuck(1)).toEqual(all);
  });

  it.each(['nonsense', 'WzFd', Buffer.from('[1e300,"x"]').toString('base64url')])(
    'refuses the cursor %s',
    async (cursor) => {
      expect((await api.call('GET', `/v1/stuck?cursor=${cursor}`)).status).toBe(400);
    },
  );

  it('reads no further than its page, however many operations there are', async () => {
    await api.control.rows(`
      INSERT INTO tenantry.tenant (id, slug, name, plan, region, isolation, desired, state, generation, version, created_at, updated_at)
      SELECT gen_random_uuid(), 'many-' || n, 'many', 'standard', 'eu', 'pooled', 'active', 'ACTIVE', 1, 1, now(), now()
      FROM generate_series(1, 20000) AS n`);
    await api.control.rows(`
      INSERT INTO tenantry.operation (id, tenant_id, kind, state, generation, desired, actor, deadline, created_at, updated_at, finished_at)
      SELECT gen_random_uuid(), id, 'provision', s.state, 1, 'active', 'test', now() - random() * interval '9 days', now(), now(),
        CASE WHEN s.state = 'running' THEN NULL ELSE now() END
      FROM tenantry.tenant, LATERAL (SELECT (ARRAY['succeeded', 'succeeded', 'running', 'failed'])[1 + abs(hashtext(slug)) % 4] AS state) s
      WHERE slug LIKE 'many-%'`);
    await api.control.rows('ANALYZE tenantry.operation, tenantry.tenant');
    const plan = await api.control.rows<{ 'QUERY PLAN': string }>(
      `EXPLAIN ${STUCK_SQL.replace('$1', '0').replace('$1', '0').replaceAll('$2', `'00000000-0000-0000-0000-000000000000'`).replaceAll('$3', '51')}`,
    );
    const text = plan.map((row) => row['QUERY PLAN']).join('\n');
    expect(text).not.toContain('Seq Scan');
    expect(text).toContain('operation_unfinished_deadline_idx');
    expect(text).toContain('operation_failed_deadline_idx');
  });
});
