import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { AuditUnavailable } from './audit.errors.js';
import { isPassingFault } from '../database/passing-fault.js';
import { ApiHarness } from '../testing/api-harness.js';
import { MUTATION_SAMPLES, type MutationSample } from '../testing/mutation-samples.js';

const MUTATING = ['post', 'put', 'patch', 'delete'] as const;

interface Entry {
  readonly id: string;
  readonly actor: string;
  readonly tenant_id: string | null;
  readonly action: string;
  readonly resource: string;
  readonly reason: string | null;
  readonly before: unknown;
  readonly after: unknown;
  readonly request_id: string | null;
  readonly trace_id: string | null;
}

describe('a mutation and its audit entry', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await ApiHarness.start();
  });
  afterAll(() => api?.stop());

  const send = (method: string, sample: MutationSample, headers: Record<string, string> = {}) =>
    api.call(method, sample.path, {
      ...(sample.body !== undefined && { body: sample.body }),
      headers: { ...sample.headers, ...headers },
    });

  const entries = (): Promise<Entry[]> =>
    api.control.rows<Entry>('SELECT * FROM tenantry.audit_entry ORDER BY id');

  /** A digest of every table's rows, but for what a refused request may leave: the claim of its Idempotency-Key. */
  async function content(): Promise<Record<string, string>> {
    const tables = await api.control.rows<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'tenantry' AND tablename <> 'idempotency_key' ORDER BY 1`,
    );
    const digests: Record<string, string> = {};
    for (const { name } of tables) {
      const [row] = await api.control.rows<{ digest: string }>(
        `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS digest FROM tenantry.${name} t`,
      );
      digests[name] = row!.digest;
    }
    return digests;
  }

  const unique = (): string => `s${randomBytes(6).toString('hex')}`;

  it('are known for every route that changes something', () => {
    const routes = Object.entries(api.document.paths).flatMap(([path, item]) =>
      MUTATING.flatMap((method) => (item[method] ? [`${method.toUpperCase()} ${path}`] : [])),
    );
    expect(routes.filter((route) => !(route in MUTATION_SAMPLES))).toEqual([]);
  });

  it.each(Object.keys(MUTATION_SAMPLES))('come together at %s', async (route) => {
    const sample = await MUTATION_SAMPLES[route]!(api, unique());
    const before = await entries();
    const requestId = unique();
    const traceId = randomBytes(16).toString('hex');
    const answer = await send(route.split(' ', 1)[0]!, sample, {
      'x-request-id': requestId,
      traceparent: `00-${traceId}-${'cd'.repeat(8)}-01`,
    });
    expect(answer.status).toBeLessThan(300);
    const written = (await entries()).filter(({ id }) => !before.some((known) => known.id === id));
    expect(written.length).toBeGreaterThan(0);
    for (const entry of written) {
      expect(entry).toMatchObject({
        actor: expect.stringMatching(/^api-key:[0-9a-f-]{36}$/),
        action: expect.stringMatching(/^[a-z_]+\.[a-z_]+$/),
        resource: expect.stringMatching(/^[a-z-]+\/./),
        request_id: requestId,
        trace_id: traceId,
      });
      expect(entry.before ?? entry.after).not.toBeNull();
      const tenant = /^\/v1\/tenants\/([0-9a-f-]{36})/.exec(sample.path)?.[1];
      if (tenant !== undefined) expect(entry.tenant_id).toBe(tenant);
      // A reason that was given is kept.
      if (JSON.stringify(sample.body ?? {}).includes('"reason"')) expect(entry.reason).not.toBeNull();
      expect(JSON.stringify([entry.before, entry.after])).not.toMatch(/tnt_|secret|postgres:\/\//);
    }
  });

  describe('where entries cannot be written', () => {
    it.each(Object.keys(MUTATION_SAMPLES))('neither is there at %s', async (route) => {
      const sample = await MUTATION_SAMPLES[route]!(api, unique());
      const key = { 'idempotency-key': unique() };
      const method = route.split(' ', 1)[0]!;
      const before = await content();
      await api.control.admin.query('REVOKE INSERT ON tenantry.audit_entry FROM tenantry_control');
      try {
        const { status, body, headers } = await send(method, sample, key);
        expect([status, body.code]).toEqual([503, 'audit-unavailable']);
        expect(headers.get('retry-after')).toBe('5');
        expect(await content()).toEqual(before);
        expect((await api.call('GET', '/v1/tenants')).status).toBe(200);
      } finally {
        await api.control.admin.query('GRANT INSERT ON tenantry.audit_entry TO tenantry_control');
      }
      // Refused is not done: the same request, with the same key, goes through afterwards.
      expect((await send(method, sample, key)).status).toBeLessThan(300);
    });

    it('neither is there when only the pointer of the entry cannot be', async () => {
      const before = await content();
      await api.control.admin.query(
        'ALTER TABLE tenantry.audit_pending ADD CONSTRAINT never CHECK (false) NOT VALID',
      );
      try {
        const sample = await MUTATION_SAMPLES['POST /v1/clusters']!(api, unique());
        const { status, body } = await send('POST', sample);
        expect([status, body.code]).toEqual([503, 'audit-unavailable']);
        expect(await content()).toEqual(before);
      } finally {
        await api.control.admin.query('ALTER TABLE tenantry.audit_pending DROP CONSTRAINT never');
      }
    });

    it("a participant's message waits instead of being dropped", () => {
      expect(isPassingFault(new AuditUnavailable(new Error('permission denied')))).toBe(true);
    });
  });
});
