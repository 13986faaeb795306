import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, type HttpAnswer, type SystemUnderTest } from '@tenantry/testing/servers';
import { newId } from '@tenantry/kernel';
import { TenantSteps, type Tenant } from './tenant-steps.js';

interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly requestId: string;
  readonly traceId: string;
  readonly errors?: readonly { in: string; pointer: string; detail: string }[];
}

const VALID = { slug: 'good-slug', name: 'Good' };

describe('bad input', () => {
  let system: SystemUnderTest;
  let steps: TenantSteps;
  let tenant: Tenant;
  beforeAll(async () => {
    system = await startSystem({ transport: 'embedded' });
    steps = new TenantSteps(system);
    tenant = await steps.active();
  }, 120_000);
  afterAll(() => system?.stop());

  /** Every refusal is a whole problem, and nothing at all was written. */
  async function refused(
    status: number,
    code: string,
    send: () => Promise<HttpAnswer>,
    pointer?: string,
  ): Promise<Problem> {
    const written = () =>
      steps.rows(
        'control-plane',
        `
      SELECT (SELECT count(*) FROM tenantry.tenant) t, (SELECT count(*) FROM tenantry.operation) o, (SELECT count(*) FROM tenantry.audit_entry) a,
        (SELECT max(version) FROM tenantry.tenant) v, (SELECT count(*) FROM tenantry.api_key) k, (SELECT count(*) FROM tenantry.idempotency_key) i`,
      );
    const before = await written();
    const answer = await send();
    const problem = answer.body as Problem;
    expect([answer.status, problem.code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(problem).toMatchObject({
      type: expect.any(String),
      title: expect.any(String),
      detail: expect.any(String),
      instance: expect.any(String),
    });
    expect(problem.requestId).toBe(answer.headers.get('x-request-id'));
    expect(problem.traceId).toMatch(/^[0-9a-f]{32}$/);
    if (pointer !== undefined) expect(problem.errors?.map((error) => error.pointer)).toContain(pointer);
    expect(await written()).toEqual(before);
    return problem;
  }

  const create = (body: unknown) => () => system.control.post('/v1/tenants', body);

  it.each([
    ['too short', 'ab'],
    ['too long', `a${'b'.repeat(63)}`],
    ['upper case', 'Acme'],
    ['a trailing dash', 'acme-'],
    ['a double dash', 'ac--me'],
    ['a leading digit', '1acme'],
    ['another script', 'аcme'],
    ['an accent', 'acmé'],
    ['a blank', 'ac me'],
    ['a line break', 'acme\n'],
    ['reserved', 'admin'],
    ['empty', ''],
  ])('refuses a slug: %s', async (_, slug) => {
    await refused(400, 'validation-failed', create({ ...VALID, slug }), '/slug');
  });

  it.each([
    ['no slug', { name: 'x' }, '/slug'],
    ['no name', { slug: 'good-slug' }, '/name'],
    ['an unknown property', { ...VALID, state: 'ACTIVE' }, '/state'],
    ['another unknown property', { ...VALID, generation: 7 }, '/generation'],
    ['a null', { ...VALID, plan: null }, '/plan'],
    ['a number for a text', { ...VALID, name: 7 }, '/name'],
    ['an unknown isolation', { ...VALID, isolation: 'galaxy' }, '/isolation'],
    ['an unknown region', { ...VALID, region: 'atlantis' }, '/region'],
    ['labels that are no object', { ...VALID, labels: ['a'] }, '/labels'],
    ['a label that is no text', { ...VALID, labels: { a: 1 } }, '/labels'],
    ['a NUL byte', { ...VALID, name: 'a\u0000b' }, '/name'],
    ['a lone surrogate', { ...VALID, name: 'a\ud800b' }, '/name'],
    ['a NUL byte in a label', { ...VALID, labels: { a: '\u0000' } }, '/labels/a'],
  ])('refuses a body with %s', async (_, body, pointer) => {
    await refused(400, 'validation-failed', create(body), pointer);
  });

  it('refuses bodies that are no JSON, no object, too large or of another type', async () => {
    const raw =
      (rawBody: string, type = 'application/json') =>
      () =>
        system.control.request('POST', '/v1/tenants', { rawBody, headers: { 'content-type': type } });
    await refused(400, 'malformed-json', raw('{"slug":'));
    await refused(400, 'validation-failed', raw('[]'));
    await refused(413, 'payload-too-large', raw(JSON.stringify({ ...VALID, name: 'x'.repeat(200_000) })));
    await refused(415, 'unsupported-media-type', raw('slug=a', 'application/x-www-form-urlencoded'));
  });

  it('refuses a duplicate slug, naming the field', async () => {
    await refused(409, 'slug-taken', create({ slug: tenant.slug, name: 'Again' }), '/slug');
  });

  it.each(['-P1D', 'P-1D', 'P1Y', 'P1M', 'P2W', 'P99999D', 'P', 'PT', '30', 'soon', 'P1.5D', ''])(
    'refuses the grace period %j',
    async (gracePeriod) => {
      await refused(
        400,
        'validation-failed',
        () =>
          system.control.delete(`/v1/tenants/${tenant.id}?gracePeriod=${encodeURIComponent(gracePeriod)}`),
        '/gracePeriod',
      );
    },
  );

  it('refuses who is not known, and who may not', async () => {
    const { body: key } = await system.control.post<{ key: string }>('/v1/api-keys', {
      name: 'reader',
      role: 'viewer',
    });
    const viewer = system.control.withKey(key.key);
    const { body: operatorKey } = await system.control.post<{ key: string }>('/v1/api-keys', {
      name: 'operator',
      role: 'operator',
    });
    const operator = system.control.withKey(operatorKey.key);
    await refused(401, 'unauthenticated', () => system.control.withKey().get('/v1/tenants'));
    await refused(401, 'unauthenticated', () => system.control.withKey('tnt_nonsense').get('/v1/tenants'));
    await refused(401, 'unauthenticated', () =>
      system.control.withKey(system.apiKey.slice(0, -1)).get('/v1/tenants'),
    );
    await refused(403, 'forbidden', () => viewer.post('/v1/tenants', VALID));
    await refused(403, 'forbidden', () => viewer.delete(`/v1/tenants/${tenant.id}`));
    await refused(403, 'forbidden', () => operator.post('/v1/api-keys', { name: 'mine', role: 'admin' }));
    expect((await viewer.get('/v1/tenants')).status).toBe(200);
  });

  it('answers ids that are none like ids that are missing', async () => {
    for (const id of [newId(), 'not-a-uuid', '%00', "1' OR '1'='1", '..', '0', '%F0%9F%92%A5', '%ED%A0%80']) {
      for (const path of [
        `/v1/tenants/${id}`,
        `/v1/operations/${id}`,
        `/v1/routes/${id}`,
        `/v1/tenants/${id}/deletion`,
      ]) {
        const { status, headers } = await system.control.get(path);
        expect([400, 404]).toContain(status);
        expect(headers.get('content-type')).toMatch(/problem\+json/);
      }
      expect([400, 404]).toContain(
        (await system.control.post(`/v1/tenants/${id}/suspend`, { reason: 'x' })).status,
      );
      expect([400, 404]).toContain((await system.control.delete(`/v1/tenants/${id}`)).status);
    }
  });

  it('refuses made-up cursors, limits and filters', async () => {
    for (const query of [
      'cursor=nonsense',
      'cursor=eyJhIjoxfQ',
      'cursor=%00',
      'limit=0',
      'limit=201',
      'limit=1.5',
      'limit=-1',
      'limit=x',
      'state=ASLEEP',
      'label=nocolon',
      'unknown=1',
      'slug=%00',
    ]) {
      for (const path of [
        '/v1/tenants',
        '/v1/operations',
        '/v1/routes',
        '/v1/participants',
        '/v1/clusters',
        '/v1/api-keys',
      ]) {
        const { status } = await system.control.get(`${path}?${query}`);
        expect([path, query, status]).toEqual([path, query, 400]);
      }
    }
  });

  it('says what is allowed when a transition is not', async () => {
    const problem = await refused(409, 'illegal-transition', () =>
      system.control.post(`/v1/tenants/${tenant.id}/reactivate`, { reason: 'x' }),
    );
    expect(problem).toMatchObject({ state: 'ACTIVE', allowed: ['suspend', 'delete'] });
    await refused(409, 'illegal-transition', () =>
      system.control.delete(`/v1/tenants/${tenant.id}/deletion`),
    );
    await refused(412, 'precondition-failed', () =>
      system.control.delete(`/v1/tenants/${tenant.id}`, { headers: { 'if-match': '"1"' } }),
    );
    await refused(
      400,
      'validation-failed',
      () => system.control.post(`/v1/tenants/${tenant.id}/suspend`, {}),
      '/reason',
    );
  });

  it('asks for the slug where the grace period is under the minimum', async () => {
    const short =
      (confirm = '') =>
      () =>
        system.control.delete(`/v1/tenants/${tenant.id}?gracePeriod=PT1H${confirm}`);
    await system.shutDown('control-plane');
    await system.start('control-plane', { MIN_GRACE_PERIOD: 'P1D' });
    await refused(422, 'confirmation-required', short(), '/confirm');
    await refused(422, 'confirmation-wrong', short('&confirm=another'), '/confirm');
    expect((await short(`&confirm=${tenant.slug}`)()).status).toBe(202);
  }, 120_000);

  it('an event that breaks its schema is recorded with its reason and crashes no consumer', async () => {
    const other = await steps.active();
    await steps.rows(
      'control-plane',
      `
      UPDATE tenantry.tenant SET tenant_seq = tenant_seq + 1 WHERE id = $1`,
      [other.id],
    );
    await steps.rows(
      'control-plane',
      `
      WITH head AS (SELECT tenant_id, max(tenant_seq) AS seq FROM tenantry.tenant_event WHERE tenant_id = $1 GROUP BY tenant_id),
      event AS (
        INSERT INTO tenantry.tenant_event (event_id, tenant_id, tenant_seq, type, occurred_at, envelope)
        SELECT gen_random_uuid(), tenant_id, seq + 1, 'tenant.suspension_requested.v1', now(), jsonb_build_object(
          'id', gen_random_uuid(), 'source', '/tenantry/control-plane', 'type', 'tenant.suspension_requested.v1', 'time', '2026-01-01T00:00:00Z',
          'subject', tenant_id, 'tenantSeq', (seq + 1)::text, 'generation', '2', 'data', '{"nonsense": true}'::jsonb)
        FROM head RETURNING tenant_id, tenant_seq)
      UPDATE tenantry.position SET head_seq = event.tenant_seq FROM event WHERE position.tenant_id = event.tenant_id`,
      [other.id],
    );
    await steps.suspend(other.id);
    await steps.reaches(other.id, 'SUSPENDED');
    const rejected = await steps.rows<{ reason: string }>(
      'data-plane',
      'SELECT reason FROM tenantry.rejected_event',
    );
    expect(rejected.map(({ reason }) => reason).join()).toMatch(/operationId/);
  });
});
