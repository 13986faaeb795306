import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '@tenantry/service';
import { waitFor } from '@tenantry/testing';
import { Client } from 'pg';
import { NIL_ID, type DryRunAnswer } from '../dry-run/dry-run-answer.js';
import { withClaim, type IdempotencyClaim } from '../idempotency/idempotency-claim.js';
import { IdempotencyKeyInFlight } from '../idempotency/idempotency.errors.js';
import { IdempotencyStore } from '../idempotency/idempotency.store.js';
import { ApiHarness, type Answer } from '../testing/api-harness.js';
import { TESTER } from '../testing/lifecycle-harness.js';
import { tableContents } from '../testing/table-contents.js';
import { BulkChange, BulkChangeHandler, type BulkItem } from './bulk-change.command.js';
import type { BulkView } from './bulk.view.js';
import { MATCHING_SQL } from './tenant.read-model.js';

describe('a bulk action', () => {
  let api: ApiHarness;
  let groups = 0;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  type Labels = Record<string, string>;

  /** Active tenants with labels that no other test uses; their ids in order. */
  async function group(size: number, more: Labels = {}): Promise<{ labels: Labels; ids: string[] }> {
    const labels = { group: `g${(groups += 1)}` };
    const ids: string[] = [];
    for (let i = 0; i < size; i += 1) ids.push(await api.control.active({ labels: { ...labels, ...more } }));
    return { labels, ids: ids.toSorted() };
  }

  function bulk<B = BulkView>(
    action: string,
    body: object,
    {
      query = '',
      headers = {},
      key,
    }: { query?: string; headers?: Record<string, string>; key?: string } = {},
  ): Promise<Answer<B>> {
    return api.call<B>('POST', `/v1/tenants/bulk-${action}${query}`, {
      body: { reason: 'a campaign', ...body },
      headers,
      ...(key !== undefined && { key }),
    });
  }

  async function states(ids: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (const id of ids) found.push(await api.control.state(id));
    return found;
  }

  function generations(ids: readonly string[]): Promise<{ generation: string }[]> {
    return api.control.rows('SELECT generation FROM tenantry.tenant WHERE id = ANY($1) ORDER BY id', [ids]);
  }

  it('suspends every tenant that has all of the labels, and none else', async () => {
    const { labels, ids } = await group(3, { tier: 'trial' });
    const other = await api.control.active({ labels });
    const { status, body } = await bulk('suspend', { labels: { ...labels, tier: 'trial' } });
    expect([status, body]).toMatchObject([200, { matched: 3, accepted: 3, refused: 0 }]);
    expect(body.results.map(({ tenantId }) => tenantId)).toEqual(ids);
    expect(await states([...ids, other])).toEqual(['SUSPENDING', 'SUSPENDING', 'SUSPENDING', 'ACTIVE']);
    for (const { tenantId, operationId } of body.results) {
      const operation = await api.call('GET', `/v1/operations/${operationId}`);
      expect(operation.body).toMatchObject({ tenantId, kind: 'suspend', reason: 'a campaign' });
      const audit = await api.audit(`tenants/${tenantId}`);
      expect(audit.at(-1)).toMatchObject({ action: 'tenant.suspend', after: { operationId } });
    }
    const back = await bulk('reactivate', { labels });
    expect(back.body).toMatchObject({ matched: 4, accepted: 3, refused: 1 });
    expect(await states([...ids, other])).toEqual(['REACTIVATING', 'REACTIVATING', 'REACTIVATING', 'ACTIVE']);
  });

  it('lists those that it cannot change with the reason that they have by themselves', async () => {
    const { labels, ids } = await group(4);
    const [active, suspended, deleted, purged] = ids as [string, string, string, string];
    await api.call('POST', `/v1/tenants/${suspended}/suspend`, { body: { reason: 'before' } });
    await api.call('DELETE', `/v1/tenants/${deleted}`);
    await api.control.admin.query(
      "UPDATE tenantry.tenant SET desired = 'purged', state = 'PURGED' WHERE id = $1",
      [purged],
    );
    const { body } = await bulk('suspend', { labels });
    expect(body).toMatchObject({ matched: 3, accepted: 1, refused: 2 });
    expect(body.results).toMatchObject([
      { tenantId: active, outcome: 'accepted', operationId: expect.any(String) },
      {
        tenantId: suspended,
        outcome: 'refused',
        problem: {
          code: 'illegal-transition',
          status: 409,
          state: 'SUSPENDING',
          allowed: ['reactivate', 'delete'],
        },
      },
      {
        tenantId: deleted,
        outcome: 'refused',
        problem: { code: 'illegal-transition', state: 'DELETION_SCHEDULED' },
      },
    ]);
    const single = await api.call('POST', `/v1/tenants/${suspended}/suspend`, { body: { reason: 'x' } });
    const { type, title, status, detail, code } = single.body;
    expect(body.results[1]?.problem).toMatchObject({ type, title, status, detail, code });
  });

  it('does nothing when more tenants match than the cap allows', async () => {
    const { labels, ids } = await group(3);
    const { status, body } = await bulk<Problem>('suspend', { labels, cap: 2 });
    expect([status, body.code, body['matched'], body['cap']]).toEqual([422, 'bulk-cap-exceeded', 3, 2]);
    expect(body.detail).toContain('3 tenants');
    expect(await states(ids)).toEqual(['ACTIVE', 'ACTIVE', 'ACTIVE']);
    expect((await bulk('suspend', { labels, cap: 3 })).body.accepted).toBe(3);
  });

  it('has a cap of 100 unless another is given', async () => {
    const labels = { crowd: 'yes' };
    await api.control.admin.query(
      `INSERT INTO tenantry.tenant (id, slug, name, plan, region, isolation, labels, desired, state, generation, version, created_at, updated_at)
       SELECT gen_random_uuid(), 'crowd-' || n, 'x', 'x', 'eu', 'pooled', $1, 'active', 'REQUESTED', 1, 1, now(), now()
       FROM generate_series(1, 101) n`,
      [labels],
    );
    const { status, body } = await bulk<Problem>('suspend', { labels });
    expect([status, body['matched'], body['cap']]).toEqual([422, 101, 100]);
  });

  it('answers with nothing when nothing matches', async () => {
    const { status, body } = await bulk('suspend', { labels: { nobody: 'has-it' } });
    expect([status, body]).toEqual([200, { matched: 0, accepted: 0, refused: 0, results: [] }]);
  });

  it.each([
    [{}, '/labels'],
    [{ labels: {} }, '/labels'],
    [{ labels: { k: 1 } }, '/labels'],
    [{ labels: ['k'] }, '/labels'],
    [{ labels: { k: 'v' }, cap: 0 }, '/cap'],
    [{ labels: { k: 'v' }, cap: 1001 }, '/cap'],
    [{ labels: { k: 'v' }, cap: '5' }, '/cap'],
    [{ labels: { k: 'v' }, cap: null }, '/cap'],
    [{ labels: { k: 'v' }, reason: '' }, '/reason'],
    [{ labels: { k: 'v' }, states: ['ACTIVE'] }, '/states'],
  ])('refuses %j at %s', async (body, pointer) => {
    const answer = await bulk<Problem>('suspend', body);
    expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([400, pointer]);
  });

  it('is for operators', async () => {
    const viewer = await api.keyFor('viewer');
    const operator = await api.keyFor('operator');
    const labels = { nobody: 'has-it' };
    expect((await bulk('reactivate', { labels }, { key: viewer })).status).toBe(403);
    expect((await bulk('reactivate', { labels }, { key: operator })).status).toBe(200);
  });

  it('changes nothing when it is repeated', async () => {
    const { labels, ids } = await group(2);
    await bulk('suspend', { labels });
    const before = await generations(ids);
    const { body } = await bulk('suspend', { labels });
    expect(body).toMatchObject({ matched: 2, accepted: 0, refused: 2 });
    expect(await generations(ids)).toEqual(before);
  });

  it('is shown by a dry run, tenant by tenant, and not done', async () => {
    const { labels, ids } = await group(3);
    await api.call('POST', `/v1/tenants/${ids[1]}/suspend`, { body: { reason: 'before' } });
    const before = await tableContents(api.control);
    const { status, body } = await bulk<DryRunAnswer & { result: BulkView }>(
      'suspend',
      { labels },
      { query: '?dryRun=true' },
    );
    expect(await tableContents(api.control)).toEqual(before);
    expect([status, body]).toMatchObject([
      200,
      {
        tenants: 2,
        changes: [{ tenantId: ids[0] }, { tenantId: ids[2] }],
        participants: [{ name: 'reference', request: 'tenant.suspension_requested.v1', required: true }],
        result: {
          matched: 3,
          accepted: 2,
          refused: 1,
          results: [
            { tenantId: ids[0], outcome: 'accepted', operationId: NIL_ID },
            { tenantId: ids[1], outcome: 'refused', problem: { code: 'illegal-transition' } },
            { tenantId: ids[2], outcome: 'accepted', operationId: NIL_ID },
          ],
        },
      },
    ]);
    expect((await bulk('suspend', { labels, cap: 1 }, { query: '?dryRun=true' })).status).toBe(422);
  });

  describe('with an item that fails', () => {
    /** Has the database refuse to change this tenant. */
    async function breakTenant(id: string, error: string): Promise<() => Promise<unknown>> {
      const { admin } = api.control;
      await admin.query(`CREATE FUNCTION tenantry.broken() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'broken' USING ERRCODE = '${error}'; END $$`);
      await admin.query(`CREATE TRIGGER broken BEFORE UPDATE ON tenantry.tenant FOR EACH ROW
        WHEN (OLD.id = '${id}') EXECUTE FUNCTION tenantry.broken()`);
      return () => admin.query('DROP FUNCTION tenantry.broken CASCADE');
    }

    it('goes on with the others', async () => {
      const { labels, ids } = await group(3);
      const repair = await breakTenant(ids[1]!, 'check_violation');
      const { body } = await bulk('suspend', { labels });
      await repair();
      expect(body.results).toMatchObject([
        { outcome: 'accepted' },
        { tenantId: ids[1], outcome: 'refused', problem: { code: 'internal-error', status: 500 } },
        { outcome: 'accepted' },
      ]);
      expect(JSON.stringify(body)).not.toContain('broken');
      expect(await states(ids)).toEqual(['SUSPENDING', 'ACTIVE', 'SUSPENDING']);
    });

    it('ends where the database is gone, and is finished by the same request', async () => {
      const { labels, ids } = await group(3);
      const headers = { 'idempotency-key': 'bulk-cut-off' };
      const repair = await breakTenant(ids[1]!, 'admin_shutdown');
      const first = await bulk('suspend', { labels }, { headers });
      await repair();
      expect(first.status).toBe(503);
      expect(await states(ids)).toEqual(['SUSPENDING', 'ACTIVE', 'ACTIVE']);

      const second = await bulk('suspend', { labels }, { headers });
      expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([200, null]);
      expect(second.body).toMatchObject({ accepted: 2, refused: 1 });
      expect(await states(ids)).toEqual(['SUSPENDING', 'SUSPENDING', 'SUSPENDING']);
      const third = await bulk('suspend', { labels }, { headers });
      expect([third.body, third.headers.get('idempotency-replayed')]).toEqual([second.body, 'true']);
    });
  });

  describe('with an Idempotency-Key', () => {
    it('is answered as the first time, whole', async () => {
      const { labels } = await group(3);
      const headers = { 'idempotency-key': 'bulk-whole' };
      const first = await bulk('suspend', { labels }, { headers });
      const again = await bulk('suspend', { labels }, { headers });
      expect(first.body.accepted).toBe(3);
      expect([again.status, again.body]).toEqual([200, first.body]);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
    });

    it('is worked on by one request at a time', async () => {
      const { labels, ids } = await group(3);
      const headers = { 'idempotency-key': 'bulk-in-flight' };
      const { admin } = api.control;
      await admin.query('BEGIN');
      await admin.query('SELECT FROM tenantry.tenant WHERE id = $1 FOR UPDATE', [ids[1]]);
      const first = bulk('suspend', { labels }, { headers });
      const second = await waitFor('the first to be at work', async () => {
        const { rows } = await admin.query(
          "SELECT FROM tenantry.tenant WHERE id = $1 AND state = 'SUSPENDING'",
          [ids[0]],
        );
        return rows.length > 0 && bulk<Problem>('suspend', { labels }, { headers });
      });
      await admin.query('COMMIT');
      expect([second.status, second.body.code]).toEqual([409, 'idempotency-key-in-flight']);
      expect((await first).body).toMatchObject({ accepted: 3 });
    });

    const request = { caller: 'api-key:slow', fingerprint: 'f' };

    /** Keeps a tenant from being changed until the answer is called. */
    async function hold(id: string): Promise<() => Promise<void>> {
      const client = new Client({ connectionString: api.control.database.adminUrl });
      await client.connect();
      await client.query('BEGIN');
      await client.query('SELECT FROM tenantry.tenant WHERE id = $1 FOR UPDATE', [id]);
      return () => client.end();
    }

    function suspended(id: string): Promise<boolean> {
      return waitFor('a tenant to be suspended', async () => (await api.control.state(id)) === 'SUSPENDING');
    }

    function run(claim: IdempotencyClaim, labels: Labels): Promise<readonly BulkItem[]> {
      const handler = api.app.get(BulkChangeHandler, { strict: false });
      return withClaim(claim, () => handler.execute(new BulkChange('suspend', labels, 'x', 10, TESTER)));
    }

    it('keeps it for as long as it works', async () => {
      const { labels, ids } = await group(3);
      const store = api.app.get(IdempotencyStore);
      const claim = await store.claim({ ...request, key: 'bulk-long' });
      const letSecond = await hold(ids[1]!);
      const letThird = await hold(ids[2]!);
      const work = run(claim, labels);
      await suspended(ids[0]!);
      await api.control.moveClock('40 seconds');
      await letSecond();
      await suspended(ids[1]!);
      await api.control.moveClock('80 seconds');
      await expect(store.claim({ ...request, key: 'bulk-long' })).rejects.toThrow(IdempotencyKeyInFlight);
      await letThird();
      expect((await work).length).toBe(3);
      await api.control.moveClock('0');
    });

    it('stops when another has taken it over, which does the rest', async () => {
      const { labels, ids } = await group(3);
      const store = api.app.get(IdempotencyStore);
      const claim = await store.claim({ ...request, key: 'bulk-silent' });
      const letSecond = await hold(ids[1]!);
      const outcome = run(claim, labels).catch((error: unknown) => error);
      await suspended(ids[0]!);
      await api.control.moveClock('61 seconds');
      const heir = await store.claim({ ...request, key: 'bulk-silent' });
      await letSecond();
      expect(await outcome).toBeInstanceOf(IdempotencyKeyInFlight);
      expect(await states(ids)).toEqual(['SUSPENDING', 'ACTIVE', 'ACTIVE']);
      const items = await run(heir, labels);
      expect(items.map(({ outcome: each }) => each)).toEqual(['refused', 'accepted', 'accepted']);
      await api.control.moveClock('0');
    });
  });

  it('finds its tenants by the index on labels', async () => {
    const { admin } = api.control;
    await admin.query(
      `INSERT INTO tenantry.tenant (id, slug, name, plan, region, isolation, labels, desired, state, generation, version, created_at, updated_at)
       SELECT gen_random_uuid(), 'plan-' || n, 'x', 'x', 'eu', 'pooled', jsonb_build_object('customer', 'c' || n % 1000, 'tier', 'gold'),
         'active', 'ACTIVE', 1, 1, now(), now()
       FROM generate_series(1, 20000) n`,
    );
    await admin.query('VACUUM ANALYZE tenantry.tenant');
    const { rows } = await admin.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${MATCHING_SQL}`, [
      { customer: 'c7' },
      101,
    ]);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('Bitmap Index Scan on tenant_labels_idx');
    expect(plan).not.toMatch(/Seq Scan|tenant_pkey/);
  });
});
