import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tenantSchemaName } from '@tenantry/contracts';
import {
  configureHttpApp,
  createHttpApp,
  createLogger,
  newApiKey,
  newId,
  type Environment,
  type Problem,
} from '@tenantry/service';
import {
  LifecyclePublisher,
  busDatabase,
  kitDatabase,
  waitFor,
  type BusDatabase,
  type KitDatabase,
} from '@tenantry/testing';
import { ApiKeyHashes } from './api-key-hashes.js';
import { APP_INFO } from './app-info.js';
import { AppModule } from './app.module.js';
import { readMigrateConfig, readServeConfig } from './config.js';
import { migrateClusters } from './migrate-clusters.js';
import { PROBLEMS } from './problems.js';
import { referenceService } from './reference-service.js';

const logger = createLogger({ service: 'test', level: 'silent' });
const apiKey = newApiKey();

let database: KitDatabase;
let bus: BusDatabase;
let publisher: LifecyclePublisher;
let app: Awaited<ReturnType<typeof createHttpApp>>;
let base: string;
let environment: Environment;

beforeAll(async () => {
  [database, bus] = await Promise.all([kitDatabase(referenceService('reference')), busDatabase()]);
  publisher = new LifecyclePublisher(bus, 'reference', logger);
  environment = {
    DATABASE_URL: database.appUrl,
    PROVISIONER_DATABASE_URL: database.provisionerUrl,
    EMBEDDED_TRANSPORT_URL: await bus.participantUrl('reference'),
  };
  app = await started(environment);
  base = await app.getUrl();
}, 60_000);

/** One process of the service, which serves until it is closed. */
async function started(from: Environment): Promise<typeof app> {
  const one = await createHttpApp(AppModule.forRoot(readServeConfig(from), logger));
  configureHttpApp(one, {
    logger,
    authenticator: new ApiKeyHashes([apiKey.hash]),
    catalogue: PROBLEMS,
    openApi: APP_INFO,
  });
  await one.listen(0, '127.0.0.1');
  return one;
}

afterAll(async () => {
  await app?.close();
  await publisher?.stop();
  await Promise.all([database?.drop(), bus?.drop()]);
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & Partial<Problem>;
}

async function call(
  tenantId: string,
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(base + path, {
    method,
    headers: {
      authorization: `Bearer ${apiKey.key}`,
      'tenantry-tenant': tenantId,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Answer['body']),
  };
}

type Isolation = 'pooled' | 'schema';
const schemaOf = (tenantId: string, isolation: Isolation) =>
  isolation === 'schema' ? tenantSchemaName(tenantId, 'primary') : null;

async function provisioned(isolation: Isolation): Promise<string> {
  const tenantId = newId();
  await publisher.ask({
    tenantId,
    isolation,
    schema: schemaOf(tenantId, isolation),
    type: 'tenant.provisioning_requested.v1',
    state: 'ACTIVE',
    access: 'open',
  });
  await waitFor(
    'the tenant to be served',
    async () => (await call(tenantId, 'GET', '/v1/roles')).status === 200,
    20_000,
  );
  return tenantId;
}

async function newProject(tenantId: string, name = 'Apollo'): Promise<string> {
  const { status, body } = await call(tenantId, 'POST', '/v1/projects', { body: { name } });
  expect(status).toBe(201);
  return String(body.id);
}

describe.each(['pooled', 'schema'] as const)('a tenant of the %s model', (isolation) => {
  let tenantId: string;
  let neighbour: string;

  beforeAll(async () => {
    [tenantId, neighbour] = await Promise.all([provisioned(isolation), provisioned(isolation)]);
  }, 60_000);

  it('starts with the default roles', async () => {
    const { body } = await call(tenantId, 'GET', '/v1/roles');
    const names = (body.data as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(['admin', 'billing', 'member', 'read-only']);
    const first = await call(tenantId, 'GET', '/v1/roles?limit=3');
    const rest = await call(tenantId, 'GET', `/v1/roles?limit=3&cursor=${String(first.body.nextCursor)}`);
    expect(rest.body).toMatchObject({ data: [{ name: 'read-only' }], nextCursor: null });
    const nul = await call(tenantId, 'GET', '/v1/roles?cursor=Ilx1MDAwMCI');
    expect([nul.status, nul.body.errors?.[0]?.pointer]).toEqual([400, '/cursor']);
  });

  it('makes, reads, changes and deletes a project under its version', async () => {
    const made = await call(tenantId, 'POST', '/v1/projects', {
      body: { name: 'Äpfel 😀', description: 'd' },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: 'Äpfel 😀', description: 'd', version: 1 });
    const path = String(made.headers.get('location'));
    expect(path).toBe(`/v1/projects/${String(made.body.id)}`);

    const read = await call(tenantId, 'GET', path);
    expect(read.body).toEqual(made.body);
    expect(read.headers.get('etag')).toBe('"1"');

    expect((await call(tenantId, 'PATCH', path, { body: { name: 'B' } })).status).toBe(428);
    const change = { body: { name: 'B' }, headers: { 'if-match': '"1"' } };
    const [one, two] = await Promise.all([
      call(tenantId, 'PATCH', path, change),
      call(tenantId, 'PATCH', path, change),
    ]);
    expect([one.status, two.status].sort()).toEqual([200, 412]);
    const after = await call(tenantId, 'GET', path);
    expect(after.body).toMatchObject({ name: 'B', description: 'd', version: 2 });

    expect((await call(tenantId, 'DELETE', path)).status).toBe(428);
    expect((await call(tenantId, 'DELETE', path, { headers: { 'if-match': '"1"' } })).status).toBe(412);
    expect((await call(tenantId, 'DELETE', path, { headers: { 'if-match': '"2"' } })).status).toBe(204);
    expect((await call(tenantId, 'GET', path)).status).toBe(404);
  });

  it('lists projects page by page', async () => {
    const ids = [
      await newProject(tenantId, 'p1'),
      await newProject(tenantId, 'p2'),
      await newProject(tenantId, 'p3'),
    ];
    const listed: string[] = [];
    let query = '?limit=2';
    for (
      let page = await call(tenantId, 'GET', `/v1/projects${query}`);
      ;
      page = await call(tenantId, 'GET', `/v1/projects${query}`)
    ) {
      listed.push(...(page.body.data as { id: string }[]).map(({ id }) => id));
      if (page.body.nextCursor === null) break;
      query = `?limit=2&cursor=${page.body.nextCursor as string}`;
    }
    expect(listed).toEqual(expect.arrayContaining(ids));
    expect(listed).toEqual([...listed].sort());
  });

  it('keeps documents in projects, and deletes them with theirs', async () => {
    const project = await newProject(tenantId);
    const other = await newProject(tenantId);
    const documents = `/v1/projects/${project}/documents`;
    const made = await call(tenantId, 'POST', documents, { body: { title: 'T', content: 'long' } });
    expect(made.status).toBe(201);
    const path = String(made.headers.get('location'));
    expect((await call(tenantId, 'GET', path)).body).toEqual(made.body);
    const { content: _content, ...summary } = made.body;
    expect((await call(tenantId, 'GET', documents)).body).toEqual({ data: [summary], nextCursor: null });
    expect((await call(tenantId, 'GET', path.replace(project, other))).status).toBe(404);

    expect(
      (await call(tenantId, 'DELETE', `/v1/projects/${project}`, { headers: { 'if-match': '*' } })).status,
    ).toBe(204);
    expect((await call(tenantId, 'GET', path)).status).toBe(404);
    expect((await call(tenantId, 'GET', documents)).status).toBe(404);
    expect((await call(tenantId, 'POST', documents, { body: { title: 'late' } })).status).toBe(404);
  });

  it('does a request with an Idempotency-Key once, with its answer or not at all', async () => {
    const headers = { 'idempotency-key': newId() };
    const request = { body: { name: 'Once' }, headers };
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => call(tenantId, 'POST', '/v1/projects', request)),
    );
    const [first] = answers;
    for (const answer of answers) {
      expect(answer.status).toBe(201);
      expect(answer.body).toEqual(first?.body);
      expect(answer.headers.get('location')).toBe(`/v1/projects/${String(first?.body.id)}`);
      expect(answer.headers.get('etag')).toBe('"1"');
    }
    expect(answers.filter((answer) => answer.headers.get('idempotency-replayed') === 'true')).toHaveLength(3);

    const reused = await call(tenantId, 'POST', '/v1/projects', { body: { name: 'Other' }, headers });
    expect({ status: reused.status, code: reused.body.code }).toEqual({
      status: 422,
      code: 'idempotency-key-reused',
    });
    expect(
      (await call(neighbour, 'POST', '/v1/projects', request)).headers.get('idempotency-replayed'),
    ).toBeNull();

    const refused = { 'idempotency-key': newId() };
    expect((await call(tenantId, 'POST', '/v1/projects', { body: {}, headers: refused })).status).toBe(400);
    expect(
      (await call(tenantId, 'POST', '/v1/projects', { body: { name: 'x' }, headers: refused })).status,
    ).toBe(201);

    const deletion = { headers: { 'idempotency-key': newId(), 'if-match': '"1"' } };
    const path = `/v1/projects/${String(first?.body.id)}`;
    const gone = [
      await call(tenantId, 'DELETE', path, deletion),
      await call(tenantId, 'DELETE', path, deletion),
    ];
    expect(gone.map(({ status }) => status)).toEqual([204, 204]);
    const bad = await call(tenantId, 'POST', '/v1/projects', {
      body: { name: 'x' },
      headers: { 'idempotency-key': 'a b' },
    });
    expect(bad.status).toBe(400);
  });

  it("answers for a neighbour's project exactly as for a missing one, by every verb", async () => {
    const project = await newProject(tenantId);
    const made = await call(tenantId, 'POST', `/v1/projects/${project}/documents`, { body: { title: 'T' } });
    const document = String(made.body.id);
    const attempts = (projectId: string, documentId: string) =>
      [
        ['GET', `/v1/projects/${projectId}`, undefined],
        ['PATCH', `/v1/projects/${projectId}`, { name: 'stolen' }],
        ['DELETE', `/v1/projects/${projectId}`, undefined],
        ['GET', `/v1/projects/${projectId}/documents`, undefined],
        ['POST', `/v1/projects/${projectId}/documents`, { title: 'planted' }],
        ['GET', `/v1/projects/${projectId}/documents/${documentId}`, undefined],
        ['DELETE', `/v1/projects/${projectId}/documents/${documentId}`, undefined],
      ] as const;
    const missing = attempts(newId(), newId());
    for (const [index, [method, path, body]] of attempts(project, document).entries()) {
      const options = { ...(body ? { body } : {}), headers: { 'if-match': '*' } };
      const theirs = await call(neighbour, method, path, options);
      const nothing = await call(neighbour, method, missing[index]?.[1] ?? '', options);
      expect(theirs.status).toBe(404);
      expect({ ...theirs.body, instance: '', requestId: '', traceId: '' }).toEqual({
        ...nothing.body,
        instance: '',
        requestId: '',
        traceId: '',
      });
    }
    const listed = await call(neighbour, 'GET', '/v1/projects');
    expect(JSON.stringify(listed.body)).not.toContain(project);
    expect((await call(tenantId, 'GET', `/v1/projects/${project}`)).body).toMatchObject({ name: 'Apollo' });
  });

  it('is refused while suspended, served after, and gone when purged', async () => {
    const doomed = await provisioned(isolation);
    const project = await newProject(doomed);
    const place = { tenantId: doomed, isolation, schema: schemaOf(doomed, isolation) };
    const path = `/v1/projects/${project}`;

    await publisher.ask({
      ...place,
      type: 'tenant.suspension_requested.v1',
      state: 'SUSPENDED',
      access: 'frozen',
    });
    const refused = await waitFor('the refusal', async () => {
      const answer = await call(doomed, 'GET', path);
      return answer.status === 403 && answer;
    });
    expect(refused.body.code).toBe('tenant-suspended');
    expect((await call(doomed, 'POST', '/v1/projects', { body: { name: 'x' } })).status).toBe(403);

    await publisher.ask({
      ...place,
      type: 'tenant.reactivation_requested.v1',
      state: 'ACTIVE',
      access: 'open',
    });
    await waitFor('service', async () => (await call(doomed, 'GET', path)).status === 200);

    await publisher.ask({ ...place, type: 'tenant.purge_requested.v1', state: 'PURGED', access: 'frozen' });
    const gone = await waitFor('the end', async () => {
      const answer = await call(doomed, 'GET', path);
      return answer.status === 404 && answer;
    });
    expect(gone.body.code).toBe('tenant-unknown');
  }, 60_000);
});

describe('bad calls', () => {
  it('without a tenant, or with something else than an id, are 400; with an unknown one 404', async () => {
    const none = await fetch(`${base}/v1/projects`, { headers: { authorization: `Bearer ${apiKey.key}` } });
    expect(none.status).toBe(400);
    expect((await call('acme', 'GET', '/v1/projects')).status).toBe(400);
    const unknown = await call(newId(), 'GET', '/v1/projects');
    expect({ status: unknown.status, code: unknown.body.code }).toEqual({
      status: 404,
      code: 'tenant-unknown',
    });
  });

  it('with a wrong key are 401', async () => {
    const headers = { authorization: `Bearer ${newApiKey().key}` };
    expect((await call(newId(), 'GET', '/v1/projects', { headers })).status).toBe(401);
  });

  it('with ids that are none are 404, with bodies that are wrong 400, and nothing is written', async () => {
    const tenantId = await provisioned('pooled');
    expect((await call(tenantId, 'GET', '/v1/projects/1;drop')).status).toBe(404);
    expect((await call(tenantId, 'GET', '/v1/projects?cursor=bm90')).status).toBe(400);
    for (const body of [
      {},
      { name: '' },
      { name: 'x', extra: 1 },
      { name: null },
      { name: 'a\0b' },
      { name: 'x'.repeat(201) },
    ]) {
      expect((await call(tenantId, 'POST', '/v1/projects', { body })).status).toBe(400);
    }
    expect((await call(tenantId, 'GET', '/v1/projects')).body).toEqual({ data: [], nextCursor: null });
  }, 60_000);
});

describe('the probes', () => {
  it('ask the database', async () => {
    const answer = await call('', 'GET', '/readyz');
    expect(answer).toMatchObject({ status: 200, body: { status: 'ok', checks: { database: 'up' } } });
  });
});

describe('signed contexts', () => {
  it('are switched on by the environment: who does not sign is not ready then, and is refused', async () => {
    const tenantId = await provisioned('schema');
    const signed = {
      ...environment,
      MIGRATE_DATABASE_URL: database.adminUrl,
      CONTEXT_SIGNING: 'mac',
      CONTEXT_SIGNING_KEY: 'env:KEY',
      KEY: 'a key for tests, which is long enough to be one',
    };
    await migrateClusters(readMigrateConfig(signed), logger);
    expect(await call(tenantId, 'GET', '/v1/roles')).toMatchObject({
      status: 503,
      body: { code: 'tenant-context-refused' },
    });
    expect((await call('', 'GET', '/readyz')).status).toBe(503);
    const other = await started(signed);
    try {
      base = await other.getUrl();
      expect((await call('', 'GET', '/readyz')).status).toBe(200);
      await waitFor(
        'the tenant to be served',
        async () => (await call(tenantId, 'GET', '/v1/roles')).status === 200,
      );
    } finally {
      base = await app.getUrl();
      await other.close();
      await migrateClusters(readMigrateConfig({ ...signed, CONTEXT_SIGNING: 'off' }), logger);
    }
    expect((await call(tenantId, 'GET', '/v1/roles')).status).toBe(200);
  }, 60_000);
});
