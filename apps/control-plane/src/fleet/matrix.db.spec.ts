import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from '@tenantry/service';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import { ApiHarness } from '../testing/api-harness.js';
import { TESTER } from '../testing/lifecycle-harness.js';
import { BEHIND_SQL } from './matrix.read-model.js';
import type { MatrixRow } from './matrix.view.js';

describe('GET /v1/matrix', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  async function matrix(query = '', limit = 50): Promise<MatrixRow[]> {
    const seen: MatrixRow[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const next: string = cursor ? `&cursor=${cursor}` : '';
      const path = `/v1/matrix?limit=${limit}&${query}${next}`;
      const { status, body } = await api.call<Page<MatrixRow>>('GET', path);
      expect(status).toBe(200);
      seen.push(...body.data);
      cursor = body.nextCursor;
    }
    return seen;
  }

  it('shows where each participant is with each tenant, and who is behind', async () => {
    const { control } = api;
    const there = await control.active();
    const asked = (await control.create()).tenant.id;
    await control.reconcile(asked);
    const closing = await control.active();
    await control.commands.execute(new SuspendTenant(closing, 'unpaid', TESTER));

    const all = await matrix();
    expect(all.map(({ tenantId, state }) => [tenantId, state])).toEqual([
      [there, 'ACTIVE'],
      [asked, 'PROVISIONING'],
      [closing, 'SUSPENDING'],
    ]);
    expect(all.map(({ cells }) => cells)).toEqual([
      [
        {
          participant: 'reference',
          observed: 'active',
          observedGeneration: 1,
          satisfied: true,
          waitedFor: true,
          taskState: 'succeeded',
          attempts: 1,
        },
      ],
      [expect.objectContaining({ observed: 'none', satisfied: false, taskState: 'pending', attempts: 1 })],
      [
        expect.objectContaining({
          observed: 'active',
          observedGeneration: 1,
          satisfied: false,
          taskState: null,
        }),
      ],
    ]);
    expect(await matrix('', 1)).toEqual(all);
    const ids = async (query: string, limit?: number): Promise<string[]> =>
      (await matrix(query, limit)).map(({ tenantId }) => tenantId);
    expect(await ids('behind=true')).toEqual([asked, closing]);
    expect(await ids('behind=true', 1)).toEqual([asked, closing]);
    expect(await ids('behind=true&state=SUSPENDING')).toEqual([closing]);
    expect(await ids('state=ACTIVE')).toEqual([there]);
    expect((await matrix('participant=nobody')).map(({ cells }) => cells)).toEqual([[], [], []]);
    expect(await ids('behind=true&participant=nobody')).toEqual([]);

    // One that came later is met by a tenant that has reached its state long ago.
    const capabilities = ['provision', 'suspend', 'reactivate', 'purge'];
    const { status } = await api.call('PUT', '/v1/participants/late', {
      body: { required: true, capabilities, stores: ['primary'] },
    });
    expect(status).toBe(201);
    await control.reconcile(there);
    expect(await ids('behind=true&participant=late')).toContain(there);
    await control.rows('UPDATE tenantry.participant SET backfill_ended_at = tenantry.now()');
    await control.reconcile(there);
    await control.acknowledge(there, {}, 'late');
    await control.reconcile(there);
    expect(await ids('behind=true')).not.toContain(there);
  });

  it.each(['behind=yes', 'state=GONE', 'participant=A', 'cursor=nonsense', 'limit=0'])(
    'refuses %s',
    async (query) => {
      expect((await api.call('GET', `/v1/matrix?${query}`)).status).toBe(400);
    },
  );

  it('finds the few that are behind without looking at the others', async () => {
    await api.control.rows(`
      INSERT INTO tenantry.tenant (id, slug, name, plan, region, isolation, desired, state, generation, version, created_at, updated_at)
      SELECT gen_random_uuid(), 'many-' || n, 'many', 'standard', 'eu', 'pooled', 'active', 'ACTIVE', 1, 1, now(), now()
      FROM generate_series(1, 20000) AS n`);
    await api.control.rows(`
      INSERT INTO tenantry.operation (id, tenant_id, kind, state, generation, desired, actor, deadline, created_at, updated_at, finished_at)
      SELECT gen_random_uuid(), id, 'provision', s.state, 1, 'active', 'test', now(), now(), now(),
        CASE WHEN s.state = 'running' THEN NULL ELSE now() END
      FROM tenantry.tenant, LATERAL (SELECT (ARRAY['running', 'succeeded'])[1 + least(1, abs(hashtext(slug)) % 9)] AS state) s
      WHERE slug LIKE 'many-%'`);
    await api.control.rows('ANALYZE tenantry.operation, tenantry.tenant');
    const plan = await api.control.rows<{ 'QUERY PLAN': string }>(
      `EXPLAIN ${BEHIND_SQL.replaceAll('$1', `'00000000-0000-0000-0000-000000000000'`).replaceAll('$2', '51').replaceAll('$3', 'NULL')}`,
    );
    const text = plan.map((row) => row['QUERY PLAN']).join('\n');
    expect(text).not.toContain('Seq Scan');
    expect(text).toContain('tenant_behind_idx');
    expect(text).toContain('operation_unfinished_key');
  });
});
