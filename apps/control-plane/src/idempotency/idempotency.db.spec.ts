import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import { waitFor } from '@tenantry/testing';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { CreatedApiKey } from '../api-keys/create-api-key.command.js';
import { ApiHarness, type Answer } from '../testing/api-harness.js';
import { withClaim } from './idempotency-claim.js';
import { IdempotencyKeyInFlight, IdempotencyKeyReused } from './idempotency.errors.js';
import { IdempotencyStore } from './idempotency.store.js';

describe('an Idempotency-Key', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  function createCluster(
    name: string,
    idempotencyKey: string,
    key?: string,
  ): Promise<Answer<{ code?: string }>> {
    return api.call('POST', '/v1/clusters', {
      body: { name, region: 'eu' },
      headers: { 'idempotency-key': idempotencyKey },
      ...(key !== undefined && { key }),
    });
  }

  function claims(key: string): Promise<{ completed: boolean; result: unknown }[]> {
    return api.control.rows(
      'SELECT completed_at IS NOT NULL AS completed, result FROM tenantry.idempotency_key WHERE key = $1',
      [key],
    );
  }

  it('gets the same answer again, and nothing is done twice', async () => {
    const first = await createCluster('once', 'k-once');
    const again = await createCluster('once', 'k-once');
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await api.audit('clusters/once')).toHaveLength(1);
  });

  it('gets status, Location and ETag of a long action again, as they were', async () => {
    const call = {
      body: { slug: 'idempotent', name: 'Idempotent' },
      headers: { 'idempotency-key': 'k-tenant' },
    };
    const first = await api.call('POST', '/v1/tenants', call);
    const again = await api.call('POST', '/v1/tenants', call);
    expect(first.status).toBe(202);
    expect([again.status, again.body]).toEqual([202, first.body]);
    for (const header of ['location', 'etag', 'retry-after']) {
      expect(first.headers.get(header)).toBeTruthy();
      expect(again.headers.get(header)).toBe(first.headers.get(header));
    }
    const rows = await api.control.rows("SELECT id FROM tenantry.tenant WHERE slug = 'idempotent'");
    expect(rows).toHaveLength(1);
  });

  it('makes one effect of many requests at the same time', async () => {
    const body = { name: 'many', role: 'viewer' };
    const answers = await Promise.all(
      Array.from({ length: 12 }, () =>
        api.call('POST', '/v1/api-keys', { body, headers: { 'idempotency-key': 'k-many' } }),
      ),
    );
    const done = answers.filter(({ status }) => status === 201);
    expect(done.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(answers.length - done.length);
    expect(new Set(done.map(({ body }) => body['id'])).size).toBe(1);
    expect(await api.control.rows("SELECT id FROM tenantry.api_key WHERE name = 'many'")).toHaveLength(1);
  });

  it('is refused while its request is being worked on, and replayed afterwards', async () => {
    const { admin } = api.control;
    await admin.query('BEGIN');
    await admin.query('LOCK TABLE tenantry.cluster IN ACCESS EXCLUSIVE MODE');
    const first = createCluster('slow', 'k-slow');
    const inFlight = await waitFor('the claim to be seen', async () => {
      const { rows } = await admin.query("SELECT FROM tenantry.idempotency_key WHERE key = 'k-slow'");
      return rows.length > 0 && createCluster('slow', 'k-slow');
    });
    await admin.query('COMMIT');
    expect([inFlight.status, inFlight.body.code]).toEqual([409, 'idempotency-key-in-flight']);
    expect(inFlight.headers.get('retry-after')).toBe('1');
    expect((await first).status).toBe(201);
    expect((await createCluster('slow', 'k-slow')).headers.get('idempotency-replayed')).toBe('true');
  });

  it('is refused with another body, path, query or method', async () => {
    await createCluster('mine', 'k-fixed');
    const headers = { 'idempotency-key': 'k-fixed' };
    const others = await Promise.all([
      createCluster('other', 'k-fixed'),
      api.call('POST', '/v1/api-keys', { body: { name: 'mine', region: 'eu' }, headers }),
      api.call('POST', '/v1/clusters?x=1', { body: { name: 'mine', region: 'eu' }, headers }),
      api.call('DELETE', `/v1/api-keys/${newId()}`, { headers }),
    ]);
    expect(others.map(({ status, body }) => [status, body.code])).toEqual(
      others.map(() => [422, 'idempotency-key-reused']),
    );
    expect(await api.control.rows("SELECT FROM tenantry.cluster WHERE name = 'other'")).toEqual([]);
  });

  it('is refused with another If-Match', async () => {
    const { body } = await api.call<{ tenant: { id: string } }>('POST', '/v1/tenants', {
      body: { slug: 'conditional', name: 'Conditional' },
    });
    const suspend = (ifMatch: string) =>
      api.call('POST', `/v1/tenants/${body.tenant.id}/suspend`, {
        body: { reason: 'unpaid' },
        headers: { 'idempotency-key': 'k-condition', 'if-match': ifMatch },
      });
    expect((await suspend('"1"')).status).toBe(202);
    const other = await suspend('"2"');
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-key-reused']);
    expect((await suspend('"1"')).headers.get('idempotency-replayed')).toBe('true');
  });

  it("is the caller's own", async () => {
    const other = await api.keyFor('admin');
    expect((await createCluster('of-one', 'k-shared')).status).toBe(201);
    const answer = await createCluster('of-the-other', 'k-shared', other);
    expect([answer.status, answer.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });

  it('is free again when its request was refused', async () => {
    const refused = await createCluster('default', 'k-retry');
    expect([refused.status, await claims('k-retry')]).toEqual([409, []]);
    expect((await createCluster('NOT VALID', 'k-retry')).status).toBe(400);
    expect((await createCluster('valid', 'k-retry')).status).toBe(201);
  });

  it('answers a repeated DELETE without a body', async () => {
    const { body } = await api.call<CreatedApiKey>('POST', '/v1/api-keys', {
      body: { name: 'x', role: 'viewer' },
    });
    const call = { headers: { 'idempotency-key': 'k-delete' } };
    const answers = [
      await api.call('DELETE', `/v1/api-keys/${body.id}`, call),
      await api.call('DELETE', `/v1/api-keys/${body.id}`, call),
    ];
    expect(answers.map(({ status }) => status)).toEqual([204, 204]);
    expect(answers[1]?.headers.get('idempotency-replayed')).toBe('true');
  });

  it('never keeps the secret of an API key', async () => {
    const call = { body: { name: 'secret', role: 'viewer' }, headers: { 'idempotency-key': 'k-secret' } };
    const first = await api.call<CreatedApiKey>('POST', '/v1/api-keys', call);
    const again = await api.call<CreatedApiKey>('POST', '/v1/api-keys', call);
    const { key, ...rest } = first.body;
    expect(key).toMatch(/^tnt_/);
    expect([again.status, again.body]).toEqual([201, rest]);
    expect(JSON.stringify(await claims('k-secret'))).not.toContain(key);
  });

  it.each(['', 'x'.repeat(256), 'two words', 'späť'])('is refused as "%s"', async (key) => {
    const { status, body } = await api.call('POST', '/v1/clusters', {
      body: { name: 'never', region: 'eu' },
      headers: { 'idempotency-key': Buffer.from(key).toString('latin1') },
    });
    expect([status, body.code, body.errors?.[0]?.in]).toEqual([400, 'validation-failed', 'header']);
  });

  describe('claimed by a process that died', () => {
    const request = { caller: 'api-key:dead', key: 'k-dead', fingerprint: 'f' };

    function work(name: string): Promise<{ name: string }> {
      return api.app.get(UnitOfWork).run(async ({ sql }) => {
        await sql.query("INSERT INTO tenantry.cluster (name, region) VALUES ($1, 'eu')", [name]);
        return { name };
      });
    }

    it('is taken over after a minute, and the dead one can do nothing any more', async () => {
      const store = api.app.get(IdempotencyStore);
      const dead = await store.claim(request);
      await expect(store.claim(request)).rejects.toThrow(IdempotencyKeyInFlight);
      await api.control.moveClock('61 seconds');
      await expect(store.claim({ ...request, fingerprint: 'g' })).rejects.toThrow(IdempotencyKeyReused);
      const heir = await store.claim(request);
      await api.control.moveClock('0');
      expect(heir.replay).toBeUndefined();

      await expect(withClaim(dead, () => work('of-the-dead'))).rejects.toThrow(IdempotencyKeyInFlight);
      await store.release(dead);
      await withClaim(heir, () => work('of-the-heir'));
      const names = await api.control.rows(
        "SELECT name FROM tenantry.cluster WHERE name LIKE 'of-the-%d' OR name LIKE 'of-the-heir'",
      );
      expect(names).toEqual([{ name: 'of-the-heir' }]);
      expect((await store.claim(request)).replay).toEqual({ result: { name: 'of-the-heir' } });
    });

    it('is replayed when it had committed, whatever it could still say', async () => {
      const store = api.app.get(IdempotencyStore);
      const claim = await store.claim({ ...request, key: 'k-unknown-outcome' });
      await withClaim(claim, () => work('committed'));
      // The caller and the process saw an error; the database did not.
      await store.release(claim);
      const again = await store.claim({ ...request, key: 'k-unknown-outcome' });
      expect(again.replay).toEqual({ result: { name: 'committed' } });
    });

    it("keeps the first transaction's result", async () => {
      const store = api.app.get(IdempotencyStore);
      const claim = await store.claim({ ...request, key: 'k-two' });
      await withClaim(claim, async () => {
        await work('first-of-two');
        await work('second-of-two');
      });
      const again = await store.claim({ ...request, key: 'k-two' });
      expect(again.replay).toEqual({ result: { name: 'first-of-two' } });
    });

    it('lets a replayed request write nothing', async () => {
      const store = api.app.get(IdempotencyStore);
      const claim = await store.claim({ ...request, key: 'k-replay' });
      await withClaim(claim, () => work('written-once'));
      const replay = await store.claim({ ...request, key: 'k-replay' });
      await expect(withClaim(replay, () => work('written-twice'))).rejects.toThrow(/replayed/);
    });
  });

  it('is forgotten after 24 hours, and swept out', async () => {
    await createCluster('yesterday', 'k-old');
    const { length: old } = await api.control.rows('SELECT FROM tenantry.idempotency_key');
    await api.control.moveClock('25 hours');
    const answer = await createCluster('today', 'k-old');
    const fresh = Math.ceil(old / 10);
    for (let i = 0; i < fresh; i += 1) await createCluster(`today-${i}`, `k-new-${i}`);
    await api.control.moveClock('0');
    expect([answer.status, answer.headers.get('idempotency-replayed')]).toEqual([201, null]);
    expect(await api.control.rows('SELECT FROM tenantry.idempotency_key')).toHaveLength(fresh + 1);
  });

  it('may come with every POST and DELETE there is', () => {
    const { paths } = api.document;
    const without = Object.entries(paths).flatMap(([path, item]) =>
      [item.post, item.delete]
        .filter((operation) => operation !== undefined)
        .filter(({ parameters = [] }) =>
          parameters.every((parameter) => !('name' in parameter) || parameter.name !== 'Idempotency-Key'),
        )
        .map(() => path),
    );
    expect(without).toEqual([]);
  });
});
