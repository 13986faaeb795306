import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommandBus } from '@nestjs/cqrs';
import { pgExecutor } from '@tenantry/database';
import { hashApiKey, newApiKey, type Page, type Problem } from '@tenantry/service';
import { ApiHarness, type Answer } from '../testing/api-harness.js';
import { TESTER } from '../testing/lifecycle-harness.js';
import { LastAdminKey } from './api-key.errors.js';
import type { CreatedApiKey } from './create-api-key.command.js';
import type { ApiKeyView } from './api-key.view.js';
import { FirstAdminKeyUsed, insertFirstAdminKeyTx } from './first-admin-key.js';
import { RevokeApiKey } from './revoke-api-key.command.js';

type CreatedKey = Required<CreatedApiKey>;

describe('API keys', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api.stop());

  function create<B = CreatedKey>(body: object): Promise<Answer<B>> {
    return api.call<B>('POST', '/v1/api-keys', { body });
  }

  it('are shown once and stored as a hash', async () => {
    const { status, body } = await create({ name: 'billing', role: 'viewer' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ name: 'billing', role: 'viewer', expiresAt: null, revokedAt: null });
    const [row] = await api.control.rows<{ hash: string; created_by: string }>(
      "SELECT encode(key_hash, 'hex') AS hash, created_by FROM tenantry.api_key WHERE id = $1",
      [body.id],
    );
    expect(row?.hash).toBe(hashApiKey(body.key));
    expect(row?.created_by).toMatch(/^api-key:/);
    const list = await api.call('GET', '/v1/api-keys');
    expect(JSON.stringify(list.body)).not.toContain(body.key);
    expect(JSON.stringify(list.body)).not.toContain(row?.hash);
    expect(await api.audit(`api-keys/${body.id}`)).toMatchObject([
      { action: 'api_key.create', actor: row?.created_by, after: { name: 'billing', role: 'viewer' } },
    ]);
  });

  it('give the role they were made with', async () => {
    const viewer = await api.keyFor('viewer');
    expect((await api.call('GET', '/v1/participants', { key: viewer })).status).toBe(200);
    expect((await api.call('GET', '/v1/api-keys', { key: viewer })).status).toBe(403);
    const operator = await api.keyFor('operator');
    expect((await api.call('POST', '/v1/api-keys', { key: operator, body: {} })).status).toBe(403);
    expect((await api.call('GET', '/v1/api-keys', { key: newApiKey().key })).status).toBe(401);
    expect((await api.call('GET', '/v1/api-keys', { key: '' })).status).toBe(401);
  });

  it('are refused once they are revoked, at once', async () => {
    const { body } = await create({ name: 'short-lived', role: 'viewer' });
    const path = `/v1/api-keys/${body.id}`;
    expect((await api.call('GET', '/v1/routes', { key: body.key })).status).toBe(200);
    expect((await api.call('DELETE', path)).status).toBe(204);
    expect((await api.call('GET', '/v1/routes', { key: body.key })).status).toBe(401);
    expect((await api.call('DELETE', path)).status).toBe(204);
    expect((await api.audit(`api-keys/${body.id}`)).map(({ action }) => action)).toEqual([
      'api_key.create',
      'api_key.revoke',
    ]);
  });

  it.each(['01890000-0000-7000-8000-000000000000', 'nonsense', '%20'])('answer 404 for %s', async (id) => {
    const { status, body } = await api.call('DELETE', `/v1/api-keys/${id}`);
    expect([status, body.code, body.detail]).toEqual([404, 'not-found', 'There is no such API key.']);
  });

  it('are refused from their expiry on, by the clock of the database', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const { body } = await create({ name: 'for an hour', role: 'viewer', expiresAt });
    expect(body.expiresAt).toBe(expiresAt);
    expect((await api.call('GET', '/v1/routes', { key: body.key })).status).toBe(200);
    await api.control.moveClock('61 minutes');
    expect((await api.call('GET', '/v1/routes', { key: body.key })).status).toBe(401);
    await api.control.moveClock('0');
  });

  it('take the last expiry that can be written, and offsets', async () => {
    const last = await create({ name: 'x', role: 'viewer', expiresAt: '9999-12-31T23:59:59.999Z' });
    expect([last.status, last.body.expiresAt]).toEqual([201, '9999-12-31T23:59:59.999Z']);
    const east = await create({ name: 'x', role: 'viewer', expiresAt: '9999-12-31T23:59:59+01:00' });
    expect([east.status, east.body.expiresAt]).toEqual([201, '9999-12-31T22:59:59.000Z']);
  });

  it.each([
    [{ name: '', role: 'viewer' }, '/name'],
    [{ name: ' x', role: 'viewer' }, '/name'],
    [{ name: 'x'.repeat(101), role: 'viewer' }, '/name'],
    [{ name: 'x', role: 'owner' }, '/role'],
    [{ role: 'viewer' }, '/name'],
    [{ name: 'x', role: 'viewer', expiresAt: null }, '/expiresAt'],
    [{ name: 'x', role: 'viewer', expiresAt: '2020-01-01T00:00:00Z' }, '/expiresAt'],
    [{ name: 'x', role: 'viewer', expiresAt: '2099-02-30T00:00:00Z' }, '/expiresAt'],
    [{ name: 'x', role: 'viewer', expiresAt: '2099-W01-1' }, '/expiresAt'],
    [{ name: 'x', role: 'viewer', expiresAt: '9999-12-31T23:59:59-23:59' }, '/expiresAt'],
    [{ name: 'x', role: 'viewer', hash: 'x' }, '/hash'],
  ])('refuse %j', async (body, pointer) => {
    const answer = await create<Problem>(body);
    expect([answer.status, answer.body.code]).toEqual([400, 'validation-failed']);
    expect(answer.body.errors?.[0]).toMatchObject({ in: 'body', pointer });
  });

  it('are listed page by page in the order of creation', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Answer<Page<ApiKeyView>> = await api.call(
        'GET',
        `/v1/api-keys?limit=2${cursor ? `&cursor=${cursor}` : ''}`,
      );
      expect(page.status).toBe(200);
      seen.push(...page.body.data.map(({ id }) => id));
      cursor = page.body.nextCursor;
    } while (cursor);
    const rows = await api.control.rows<{ id: string }>('SELECT id FROM tenantry.api_key ORDER BY id');
    expect(seen).toEqual(rows.map(({ id }) => id));
    for (const wrong of ['x', Buffer.from('"no uuid\\u0000"').toString('base64url')]) {
      expect((await api.call('GET', `/v1/api-keys?cursor=${wrong}`)).status).toBe(400);
    }
  });

  it('never lose the last admin, however many are revoked at once', async () => {
    await Promise.all([1, 2, 3].map((n) => create({ name: `admin ${n}`, role: 'admin' })));
    const admins = await api.control.rows<{ id: string }>(
      "SELECT id FROM tenantry.api_key WHERE role = 'admin'",
    );
    const commands = api.app.get(CommandBus);
    const outcomes = await Promise.allSettled(
      admins.map(({ id }) => commands.execute(new RevokeApiKey(id, TESTER))),
    );
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(failures).toEqual([expect.any(LastAdminKey)]);
    const left = await api.control.rows<{ id: string }>(
      "SELECT id FROM tenantry.api_key WHERE role = 'admin' AND revoked_at IS NULL",
    );
    expect(left).toHaveLength(1);
  });

  it('tell why the last admin key stays', async () => {
    const fresh = await ApiHarness.start();
    try {
      const [only] = await fresh.control.rows<{ id: string }>('SELECT id FROM tenantry.api_key');
      const { status, body } = await fresh.call('DELETE', `/v1/api-keys/${only?.id}`);
      expect([status, body.code]).toEqual([409, 'last-admin-key']);
      expect(body.detail).toContain('POST /v1/api-keys');
    } finally {
      await fresh.stop();
    }
  });

  it('do not lose the last admin to an expiry', async () => {
    const fresh = await ApiHarness.start();
    try {
      const [only] = await fresh.control.rows<{ id: string }>('SELECT id FROM tenantry.api_key');
      const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
      const body = { name: 'for an hour', role: 'admin', expiresAt };
      const expiring = await fresh.call<CreatedKey>('POST', '/v1/api-keys', { body });
      const refused = await fresh.call('DELETE', `/v1/api-keys/${only?.id}`);
      expect([refused.status, refused.body.code]).toEqual([409, 'last-admin-key']);
      expect((await fresh.call('DELETE', `/v1/api-keys/${expiring.body.id}`)).status).toBe(204);
    } finally {
      await fresh.stop();
    }
  });

  it('begin anew with one from the configuration when no admin is left, but never with one that was used', async () => {
    const fresh = await ApiHarness.start();
    try {
      const { admin } = fresh.control;
      const begin = async (hash: string): Promise<boolean> => {
        await admin.query('BEGIN');
        try {
          return await insertFirstAdminKeyTx(pgExecutor(admin), hash);
        } finally {
          await admin.query('COMMIT');
        }
      };
      await fresh.call('POST', '/v1/api-keys', { body: { name: 'reader', role: 'viewer' } });
      const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
      await fresh.call('POST', '/v1/api-keys', { body: { name: 'for an hour', role: 'admin', expiresAt } });
      await admin.query(`UPDATE tenantry.api_key SET revoked_at = now() WHERE name = 'bootstrap'`);
      expect(await begin(newApiKey().hash)).toBe(false);
      await fresh.control.moveClock('61 minutes');
      await expect(begin(hashApiKey(fresh.adminKey))).rejects.toThrow(FirstAdminKeyUsed);
      const next = newApiKey();
      expect(await begin(next.hash)).toBe(true);
      expect((await fresh.call('GET', '/v1/api-keys', { key: next.key })).status).toBe(200);
    } finally {
      await fresh.stop();
    }
  });

  it('begin with one from the configuration, and only while there is none', async () => {
    const fresh = await ApiHarness.start();
    try {
      const sql = pgExecutor(fresh.control.admin);
      expect(
        await insertFirstAdminKeyTx(sql, newApiKey().hash).catch((error: Error) => error.message),
      ).toMatch(/transaction/);
      await sql.query('BEGIN');
      expect(await insertFirstAdminKeyTx(sql, newApiKey().hash)).toBe(false);
      await expect(insertFirstAdminKeyTx(sql, 'short')).rejects.toThrow(RangeError);
      await sql.query('COMMIT');
      expect((await fresh.call<Page<ApiKeyView>>('GET', '/v1/api-keys')).body.data).toMatchObject([
        { name: 'bootstrap', role: 'admin', createdBy: 'system:migrate' },
      ]);
    } finally {
      await fresh.stop();
    }
  });
});
