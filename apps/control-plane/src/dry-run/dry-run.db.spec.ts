import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import { CommitSignal } from '../database/commit-signal.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { ParticipantsChanged } from '../participants/participants-changed.js';
import { ApiHarness, type Answer, type Call } from '../testing/api-harness.js';
import { MUTATION_SAMPLES } from '../testing/mutation-samples.js';
import { tableContents } from '../testing/table-contents.js';
import { DryRun, asDryRun } from './dry-run.js';
import { NIL_ID, type DryRunAnswer } from './dry-run-answer.js';
import { DRY_RUN_PARAMETER, MUTATING_METHODS } from './dry-run.interceptor.js';

const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g;
const TIME = /^\d{4}-\d\d-\d\dT/;

describe('a dry run', () => {
  let api: ApiHarness;
  let signals = 0;
  beforeAll(async () => {
    api = await ApiHarness.start();
    api.app.get(CommitSignal).onCommit(() => (signals += 1));
    api.app.get(ParticipantsChanged, { strict: false }).onChange(() => (signals += 1));
  });
  afterAll(() => api.stop());

  /** Sends the request as a dry run, and sees to it that nothing comes of it. */
  async function tryOut<B = DryRunAnswer>(method: string, path: string, call: Call = {}): Promise<Answer<B>> {
    const before = await tableContents(api.control);
    signals = 0;
    const answer = await api.call<B>(method, withDryRun(path), call);
    expect({ [`${method} ${path}`]: await tableContents(api.control) }).toEqual({
      [`${method} ${path}`]: before,
    });
    expect({ path, signals }).toEqual({ path, signals: 0 });
    return answer;
  }

  function mutations(): { route: string; method: string; parameters: readonly object[] }[] {
    return Object.entries(api.document.paths).flatMap(([path, item]) =>
      MUTATING_METHODS.flatMap((method) => {
        const operation = item[method.toLowerCase() as Lowercase<typeof method>];
        return operation
          ? [{ route: `${method} ${path}`, method, parameters: operation.parameters ?? [] }]
          : [];
      }),
    );
  }

  it('answers as the request would when it is refused', async () => {
    const id = await api.control.active();
    const viewer = await api.keyFor('viewer');
    const refusals: [string, string, Call, number][] = [
      ['POST', `/v1/tenants/${id}/reactivate`, { body: { reason: 'x' } }, 409],
      ['POST', `/v1/tenants/${id}/suspend`, { body: { reason: 'x' }, headers: { 'if-match': '"999"' } }, 412],
      ['POST', `/v1/tenants/${newId()}/suspend`, { body: { reason: 'x' } }, 404],
      ['POST', `/v1/tenants/${id}/suspend`, { body: {} }, 400],
      ['POST', `/v1/tenants/${id}/suspend`, { body: { reason: 'x' }, key: viewer }, 403],
      ['POST', `/v1/tenants/${id}/suspend`, { body: { reason: 'x' }, key: 'nobody' }, 401],
      ['PATCH', `/v1/tenants/${id}`, { body: { name: 'x' } }, 428],
      ['DELETE', `/v1/tenants/${id}?confirm=another`, {}, 422],
      ['DELETE', `/v1/tenants/${id}?gracePeriod=P1Y`, {}, 400],
      ['DELETE', `/v1/tenants/${id}?nonsense=1`, {}, 400],
      ['POST', '/v1/clusters', { body: { name: 'default', region: 'eu' } }, 409],
      [
        'POST',
        '/v1/clusters',
        { body: { name: 'x', region: 'eu' }, headers: { 'idempotency-key': 'two words' } },
        400,
      ],
    ];
    for (const [method, path, call, status] of refusals) {
      const tried = await tryOut<Record<string, unknown>>(method, path, call);
      const real = await api.call<Record<string, unknown>>(method, path, call);
      expect([path, tried.status, real.status]).toEqual([path, status, status]);
      expect(withoutIds(tried.body)).toEqual(withoutIds(real.body));
    }
  });

  it.each(['yes', '', 'TRUE', '1', 'true&dryRun=true'])('is not understood as dryRun=%s', async (value) => {
    const { status, body } = await api.call('POST', `/v1/clusters?dryRun=${value}`, {
      body: { name: 'never', region: 'eu' },
    });
    expect([status, body.errors]).toEqual([
      400,
      [{ in: 'query', pointer: '/dryRun', detail: 'must be true or false, once' }],
    ]);
    expect(await api.control.rows("SELECT FROM tenantry.cluster WHERE name = 'never'")).toEqual([]);
  });

  it.each(['dryrun', 'dry_run', 'dry-run', 'DRYRUN', 'dryRun[]', 'isDryRun'])(
    'is not mistaken for the request itself when it is written %s',
    async (name) => {
      const { status, body } = await api.call('POST', `/v1/clusters?${encodeURIComponent(name)}=true`, {
        body: { name: 'never', region: 'eu' },
      });
      expect([status, body.errors?.[0]]).toMatchObject([400, { in: 'query', pointer: `/${name}` }]);
    },
  );

  it('is none with dryRun=false, also where the query is checked', async () => {
    const id = await api.control.active();
    expect((await api.call('DELETE', `/v1/tenants/${id}?dryRun=false`)).status).toBe(202);
    expect((await api.call('GET', '/v1/tenants?dryRun=true')).status).toBe(400);
  });

  it('says who would be asked, of how many tenants, and what cannot be undone', async () => {
    const id = await api.control.active();
    const slug = (await api.call<{ slug: string }>('GET', `/v1/tenants/${id}`)).body.slug;
    const suspend = await tryOut('POST', `/v1/tenants/${id}/suspend`, { body: { reason: 'x' } });
    expect(suspend.body).toMatchObject({
      participants: [{ name: 'reference', request: 'tenant.suspension_requested.v1', required: true }],
      tenants: 1,
      irreversible: [],
      changes: [{ tenantId: id, before: { state: 'ACTIVE' }, after: { state: 'SUSPENDING' } }],
      result: { tenant: { id, state: 'SUSPENDING' }, operation: { id: NIL_ID, kind: 'suspend' } },
    });
    const deletion = await tryOut('DELETE', `/v1/tenants/${id}?gracePeriod=P7D`);
    expect(deletion.body).toMatchObject({
      participants: [
        { name: 'reference', request: 'tenant.suspension_requested.v1' },
        { name: 'reference', request: 'tenant.purge_requested.v1' },
      ],
      irreversible: [expect.stringContaining(`destroys what it holds of "${slug}"`)],
      result: { tenant: { state: 'DELETION_SCHEDULED' } },
    });
    const creation = await tryOut('POST', '/v1/tenants', { body: { slug: 'not-yet', name: 'Not yet' } });
    expect(creation.body).toMatchObject({
      participants: [{ name: 'reference', request: 'tenant.provisioning_requested.v1' }],
      changes: [{ action: 'tenant.create', resource: `tenants/${NIL_ID}`, tenantId: NIL_ID }],
      tenants: 1,
      irreversible: [expect.stringContaining('stays taken for ever')],
    });
  });

  it('makes no secret', async () => {
    const { body } = await tryOut('POST', '/v1/api-keys', { body: { name: 'a key', role: 'admin' } });
    expect(JSON.stringify(body)).not.toContain('tnt_');
    expect(body.result).not.toHaveProperty('key');
  });

  it('counts the tenants that a new participant would have to catch up with', async () => {
    const id = await api.control.active();
    const body = {
      required: true,
      capabilities: ['provision', 'suspend', 'reactivate', 'purge'],
      stores: [],
    };
    const rows = await api.control.rows('SELECT FROM tenantry.tenant');
    const declared = await tryOut('PUT', '/v1/participants/late', { body });
    expect(declared.body).toMatchObject({ tenants: rows.length });
    const path = '/v1/participants/reference?reason=gone&force=true&confirm=reference';
    const retired = await tryOut('DELETE', path);
    expect(retired.body.tenants).toBeGreaterThan(0);
    expect(await api.control.state(id)).toBe('ACTIVE');
  });

  it('shows no change where there is none', async () => {
    const { body } = await tryOut('PATCH', '/v1/clusters/default', { body: { state: 'open' } });
    expect(body).toMatchObject({ changes: [], participants: [], tenants: 0, irreversible: [] });
  });

  it('is refused to a command whose second transaction would not see its first', async () => {
    const unitOfWork = api.app.get(UnitOfWork);
    const twice = async (): Promise<void> => {
      await unitOfWork.run(() => Promise.resolve());
      await unitOfWork.run(() => Promise.resolve());
    };
    await twice();
    await expect(asDryRun(new DryRun(), twice)).rejects.toThrow(/several transactions/);
    const apart = new DryRun();
    apart.inUnitsApart();
    await asDryRun(apart, twice);
  });

  it('checks what only the commit would', async () => {
    const { admin } = api.control;
    await admin.query(`CREATE FUNCTION tenantry.too_late() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE EXCEPTION 'too late' USING ERRCODE = 'connection_failure'; END $$`);
    await admin.query(`CREATE CONSTRAINT TRIGGER too_late AFTER INSERT ON tenantry.cluster
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tenantry.too_late()`);
    const call = { body: { name: 'too-late', region: 'eu' } };
    const tried = await tryOut<{ code: string }>('POST', '/v1/clusters', call);
    const real = await api.call('POST', '/v1/clusters', call);
    await admin.query('DROP FUNCTION tenantry.too_late CASCADE');
    expect([tried.status, real.status]).toEqual([503, 503]);
  });

  // Last: each route does what it does, participants that others would see included.
  it('is there for every route that changes something, and documented', () => {
    const routes = mutations();
    expect(routes.length).toBeGreaterThan(10);
    const without = routes.filter(({ parameters }) =>
      parameters.every((parameter) => !('name' in parameter) || parameter.name !== DRY_RUN_PARAMETER),
    );
    expect(without).toEqual([]);
    expect(routes.map(({ route }) => route).filter((route) => !MUTATION_SAMPLES[route])).toEqual([]);
  });

  it('changes nothing, and shows what the request then does, on every route', async () => {
    for (const [index, { route, method }] of mutations().entries()) {
      const { path, ...call } = await sampleOf(route, `sample-${index}`);
      const keyed = { ...call, headers: { ...call.headers, 'idempotency-key': `k-${index}` } };

      const tried = await tryOut(method, path, keyed);
      expect({ route, status: tried.status, body: tried.body }).toMatchObject({
        route,
        status: 200,
        body: { dryRun: true },
      });
      expect({ route, changes: tried.body.changes.length }).not.toEqual({ route, changes: 0 });
      expect({ route, ids: await madeUpIds(tried.body) }).toEqual({ route, ids: [] });
      for (const header of ['location', 'etag', 'retry-after', 'idempotency-replayed'])
        expect({ route, header, value: tried.headers.get(header) }).toEqual({ route, header, value: null });

      const real = await api.call<object | undefined>(method, path, keyed);
      expect({ route, real: real.status < 300, replayed: real.headers.get('idempotency-replayed') }).toEqual({
        route,
        real: true,
        replayed: null,
      });
      const recorded = await recordedBy(real);
      expect({ route, changes: tried.body.changes.map(comparable) }).toEqual({
        route,
        changes: recorded.map(comparable),
      });
      expect({ route, result: shapeOf(tried.body.result) }).toEqual({
        route,
        result: shapeOf(withoutSecret(real.body)),
      });
      // Nor is the stored answer handed out to a dry run.
      const again = await tryOut(method, path, keyed);
      expect({ route, replayed: again.headers.get('idempotency-replayed') }).toEqual({
        route,
        replayed: null,
      });
    }
  }, 240_000);

  async function sampleOf(route: string, unique: string) {
    const make = MUTATION_SAMPLES[route];
    if (!make) throw new Error(`testing/mutation-samples.ts has no request for ${route}`);
    return make(api, unique);
  }

  /** Ids in an answer that lead nowhere. */
  async function madeUpIds(body: unknown): Promise<string[]> {
    const known = JSON.stringify(await tableContents(api.control));
    const ids = JSON.stringify(body).match(UUID) ?? [];
    return ids.filter((id) => id !== NIL_ID && !known.includes(id));
  }

  async function recordedBy({ headers }: Answer<unknown>): Promise<object[]> {
    return api.control.rows(
      `SELECT action, resource, tenant_id AS "tenantId", before, after FROM tenantry.audit_entry
       WHERE request_id = $1 ORDER BY id`,
      [headers.get('x-request-id')],
    );
  }
});

function withDryRun(path: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${DRY_RUN_PARAMETER}=true`;
}

function withoutIds({ requestId: _request, traceId: _trace, ...rest }: Record<string, unknown>): object {
  return rest;
}

function withoutSecret(body: object | undefined): unknown {
  if (!body) return undefined;
  const { key: _secret, ...rest } = body as Record<string, unknown>;
  return rest;
}

/** Values that no two executions share are compared by what they are. */
function comparable(value: unknown): unknown {
  if (typeof value === 'string') return TIME.test(value) ? 'time' : value.replaceAll(UUID, 'id');
  if (Array.isArray(value)) return value.map(comparable);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, comparable(each)]));
}

/** As {@link comparable}; numbers, which may have moved on since, by their type. */
function shapeOf(value: unknown): unknown {
  return comparable(value);
}
