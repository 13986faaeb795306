import {
  Body,
  Controller,
  Get,
  HttpException,
  Module,
  Param,
  Post,
  Put,
  Query,
  type INestApplication,
} from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DomainError } from '@tenantry/kernel';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsOptional, IsString, Matches, MaxLength, ValidateNested } from 'class-validator';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Actor } from './actor.js';
import { Drain } from './drain.js';
import type { IfMatch } from './etag.js';
import type { HealthFinding } from './health-report.js';
import { HealthModule } from './health.module.js';
import { configureHttpApp, createHttpApp } from './http-app.js';
import { ApiIfMatch, RequiredIfMatch } from './if-match.decorator.js';
import { createLogger, loggingModule } from './logger.js';
import { PageQuery } from './page.js';
import type { Problem } from './problem.js';
import type { ProblemCatalogue } from './problem-catalogue.js';
import { currentActor } from './request-context.js';
import { Public, RequireRole } from './require-role.decorator.js';

class ItemDto {
  @IsInt()
  size: number;
}

class ThingDto {
  @IsString()
  @Matches(/^[a-z]+$/)
  @MaxLength(10)
  slug: string;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => ItemDto)
  items?: ItemDto[];
}

/** As TypeORM and the driver raise it, with what must not be told on. */
function queryFailure(): Error {
  const driverError = Object.assign(new Error('null value in column "plan" violates not-null constraint'), {
    code: '23502',
    constraint: 'tenant_plan_check',
    detail: 'Failing row contains (planted-row).',
  });
  return Object.assign(new Error(driverError.message, { cause: driverError }), {
    ...driverError,
    query: 'INSERT',
    parameters: ['planted-parameter'],
    driverError,
  });
}

type ThingCode = 'thing-taken';
const CATALOGUE: ProblemCatalogue<ThingCode> = {
  'thing-taken': { status: 409, title: 'Taken', headers: () => ({ 'Retry-After': '7' }) },
};

class ThingTaken extends DomainError {
  readonly code = 'thing-taken';
}

class Uncatalogued extends DomainError {
  readonly code = 'nobody-knows';
}

@RequireRole('operator')
@Controller('v1/things')
class ThingController {
  @Get()
  @RequireRole('viewer')
  list(@Query() query: PageQuery) {
    return { limit: query.limit, actor: currentActor().id };
  }

  @Post()
  create(@Body() body: ThingDto) {
    return body;
  }

  @Get('taken')
  taken(): never {
    throw new ThingTaken('The slug is taken.', { state: 'ACTIVE', status: 1 });
  }

  @Get('uncatalogued')
  uncatalogued(): never {
    throw new Uncatalogued('internal words');
  }

  @Get('teapot')
  teapot(): never {
    throw new HttpException('short and stout', 418);
  }

  @Get('broken')
  broken(): never {
    throw new Error('password=hunter2');
  }

  @Get('query-failed')
  queryFailed(): never {
    throw queryFailure();
  }

  @Get('unreachable')
  unreachable(): never {
    throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  }

  @Put(':id')
  @ApiIfMatch({ required: true })
  replace(@Param('id') id: string, @RequiredIfMatch() condition: IfMatch) {
    condition.check(3);
    return { id };
  }
}

@Controller('v1/undeclared')
class UndeclaredController {
  @Get()
  get() {
    return {};
  }
}

@Public()
@Controller('v1/open')
class OpenController {
  @Get(':name')
  get(@Param('name') name: string) {
    return { name };
  }
}

const ACTORS: Record<string, Actor> = {
  'viewer-key': { id: 'v', name: 'viewer', role: 'viewer' },
  'operator-key': { id: 'o', name: 'operator', role: 'operator' },
  'admin-key': { id: 'a', name: 'admin', role: 'admin' },
};

let app: INestApplication;
let base: string;
let databaseUp = true;
let staleness: HealthFinding = { status: 'ok', stalenessSeconds: 1 };
const logged: Record<string, unknown>[] = [];

beforeAll(async () => {
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().split('\n').filter(Boolean))
        logged.push(JSON.parse(line) as Record<string, unknown>);
      done();
    },
  });
  const logger = createLogger({ service: 'test' }, sink);

  @Module({
    imports: [
      loggingModule(logger),
      HealthModule.register({
        useFactory: () => [
          {
            name: 'database',
            check: async () => {
              if (!databaseUp) throw new Error('connection to secret-host refused');
            },
          },
        ],
        reports: { useFactory: () => [{ name: 'routes', read: () => staleness }] },
      }),
    ],
    controllers: [ThingController, UndeclaredController, OpenController],
  })
  class TestModule {}

  const nest = await createHttpApp(TestModule);
  configureHttpApp(nest, {
    logger,
    authenticator: { authenticate: async (key) => ACTORS[key] },
    catalogue: CATALOGUE,
    openApi: { title: 'Test', description: '', version: '1' },
    bodyLimitBytes: 1000,
  });
  await nest.listen(0, '127.0.0.1');
  app = nest;
  base = await nest.getUrl();
});

afterAll(() => app.close());

interface Call {
  method?: string;
  key?: string | null;
  body?: unknown;
  raw?: string;
  type?: string;
  headers?: Record<string, string>;
}

async function call(
  path: string,
  { method = 'GET', key = 'admin-key', body, raw, type, headers = {} }: Call = {},
) {
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(sent === undefined ? {} : { 'content-type': type ?? 'application/json' }),
      ...headers,
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const text = await response.text();
  return { response, status: response.status, problem: (text === '' ? {} : JSON.parse(text)) as Problem };
}

const post = (options: Call) => call('/v1/things', { method: 'POST', ...options });

describe('a well-formed request', () => {
  it('is answered with its request id, and without an entity tag of Express', async () => {
    const { response, status } = await post({
      body: { slug: 'abc' },
      headers: { 'x-request-id': 'my-id.1' },
    });
    expect(status).toBe(201);
    expect(response.headers.get('x-request-id')).toBe('my-id.1');
    expect(response.headers.get('etag')).toBeNull();
    expect(response.headers.get('x-powered-by')).toBeNull();
  });

  it('gets defaults and conversions that its DTO declares', async () => {
    expect((await call('/v1/things')).problem).toEqual({ limit: 50, actor: 'a' });
    expect((await call('/v1/things?limit=7')).problem).toEqual({ limit: 7, actor: 'a' });
  });
});

describe('bad bodies', () => {
  it.each([
    ['cut short', '{"slug":'],
    ['a bare string', '"abc"'],
    ['a bare number', '1'],
  ])('malformed JSON (%s) is 400', async (_what, raw) => {
    const { status, problem, response } = await post({ raw });
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect({ status, code: problem.code }).toEqual({ status: 400, code: 'malformed-json' });
  });

  it('a list in place of an object is 400', async () => {
    const { status, problem } = await post({ body: [] });
    expect(status).toBe(400);
    expect(problem.errors).toEqual([{ in: 'body', pointer: '', detail: 'must be a JSON object' }]);
  });

  it('a missing body is 400, an empty object names what is required', async () => {
    const missing = await post({});
    expect({ status: missing.status, errors: missing.problem.errors }).toEqual({
      status: 400,
      errors: [{ in: 'body', pointer: '', detail: 'a JSON object is required' }],
    });
    const empty = await post({ body: {} });
    expect(empty.status).toBe(400);
    expect(empty.problem.errors?.every((error) => error.pointer === '/slug')).toBe(true);
  });

  it('unknown and wrong properties are named by pointers, at every depth', async () => {
    const { status, problem } = await post({
      body: { slug: 'A', 'odd/name': 1, items: [{ size: 1 }, { size: 'x', extra: 1 }] },
    });
    expect(status).toBe(400);
    expect(problem.code).toBe('validation-failed');
    expect(new Set(problem.errors?.map((error) => error.pointer))).toEqual(
      new Set(['/slug', '/odd~1name', '/items/1/size', '/items/1/extra']),
    );
  });

  it.each([
    ['a NUL', '{"slug":"a\\u0000b"}', '/slug'],
    ['a lone surrogate', '{"slug":"\\ud800"}', '/slug'],
    ['a lone surrogate deep inside', '{"slug":"a","items":[{"size":"\\udc00"}]}', '/items/0/size'],
    ['a NUL in a name', '{"slug":"a","x\\u0000":1}', ''],
  ])('%s is 400', async (_what, raw, pointer) => {
    const { status, problem } = await post({ raw });
    expect(status).toBe(400);
    expect(problem.errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it('nesting that would exhaust a stack is 400', async () => {
    const { status } = await post({ raw: `{"slug":${'['.repeat(400)}${']'.repeat(400)}}` });
    expect(status).toBe(400);
  });

  it('over the limit is 413', async () => {
    const { status, problem } = await post({ body: { slug: 'a'.repeat(2000) } });
    expect({ status, code: problem.code }).toEqual({ status: 413, code: 'payload-too-large' });
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=utf-16',
    'application/jsonp',
  ])('the content type %s is 415', async (type) => {
    expect((await post({ raw: '{"slug":"a"}', type })).status).toBe(415);
  });

  it('an unknown content encoding is 415', async () => {
    expect((await post({ body: { slug: 'a' }, headers: { 'content-encoding': 'zip' } })).status).toBe(415);
  });

  it.each(['__proto__', 'constructor', 'prototype'])(
    'a property named %s is 400 instead of vanishing',
    async (name) => {
      const own = await post({ raw: `{"slug":"abc","${name}":{"items":[1]}}` });
      expect([own.status, own.problem.errors?.[0]?.pointer]).toEqual([400, `/${name}`]);
      const nested = await post({ raw: `{"slug":"abc","items":[{"size":1,"${name}":"a"}]}` });
      expect([nested.status, nested.problem.errors?.[0]?.pointer]).toEqual([400, `/items/0/${name}`]);
      expect(({} as { items?: unknown }).items).toBeUndefined();
    },
  );
});

describe('bad paths and queries', () => {
  it.each(['/v1/open/%00', '/v1/open/%ff', '/v1/open/%', '/v1/open/%ed%a0%80'])('%s is 400', async (path) => {
    expect((await call(path)).status).toBe(400);
  });

  it.each([
    ['?limit=0', '/limit'],
    ['?limit=abc', '/limit'],
    ['?limit=1&limit=2', '/limit'],
    ['?limit=201', '/limit'],
    ['?nope=1', '/nope'],
    ['?cursor=%00', '/cursor'],
    ['?__proto__=1', '/__proto__'],
    ['?cursor=a&cursor=b', '/cursor'],
  ])('%s is 400 and points at the query', async (query, pointer) => {
    const { status, problem } = await call(`/v1/things${query}`);
    expect(status).toBe(400);
    expect(problem.errors?.[0]).toMatchObject({ in: 'query', pointer });
  });

  it.each(['http://[::1', 'http://[::1]:x/v1/things', 'ftp://x/'])(
    'the request target %s is 400',
    async (target) => {
      const socket = connect(Number(new URL(base).port), '127.0.0.1');
      socket.end(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      const answer = await text(socket);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).toMatch(/^content-type: application\/problem\+json/im);
      expect(JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1))).toMatchObject({
        code: 'validation-failed',
        errors: [{ in: 'path', pointer: '' }],
      });
    },
  );

  it('a target with a host of its own is answered by its path', async () => {
    const socket = connect(Number(new URL(base).port), '127.0.0.1');
    socket.end(`GET http://elsewhere:80/v1/open/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('an unknown path is 404, a known one with another method 405', async () => {
    const unknown = await call('/v1/nothing');
    expect({ status: unknown.status, code: unknown.problem.code }).toEqual({
      status: 404,
      code: 'route-not-found',
    });
    const wrong = await call('/v1/things', { method: 'DELETE' });
    expect({ status: wrong.status, code: wrong.problem.code }).toEqual({
      status: 405,
      code: 'method-not-allowed',
    });
    expect(wrong.response.headers.get('allow')).toBe('GET, HEAD, POST');
  });
});

describe('access', () => {
  it.each([
    ['no key', {}],
    ['an unknown key', { authorization: 'Bearer nobody' }],
    ['another scheme', { authorization: 'Basic admin-key' }],
    ['an empty key', { authorization: 'Bearer ' }],
  ])('%s is 401', async (_what, headers) => {
    const { status, response, problem } = await call('/v1/things', { key: null, headers });
    expect({ status, code: problem.code }).toEqual({ status: 401, code: 'unauthenticated' });
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('too small a role is 403, a greater one passes', async () => {
    expect((await post({ key: 'viewer-key', body: { slug: 'abc' } })).status).toBe(403);
    expect((await call('/v1/things', { key: 'viewer-key' })).status).toBe(200);
    expect((await post({ key: 'operator-key', body: { slug: 'abc' } })).status).toBe(201);
  });

  it('a route that declares nothing is closed even to administrators', async () => {
    expect((await call('/v1/undeclared', { key: null })).status).toBe(401);
    expect((await call('/v1/undeclared')).status).toBe(403);
  });

  it('a public one needs no key', async () => {
    expect((await call('/v1/open/x', { key: null })).status).toBe(200);
  });
});

describe('If-Match', () => {
  it.each([
    ['none', {}, 428],
    ['a stale one', { 'if-match': '"2"' }, 412],
    ['a weak one', { 'if-match': 'W/"3"' }, 412],
    ['no entity tag at all', { 'if-match': '3' }, 412],
    ['the current one', { 'if-match': '"3"' }, 200],
    ['a list with the current one', { 'if-match': '"1", "3"' }, 200],
    ['any', { 'if-match': '*' }, 200],
  ])('%s', async (_what, headers, expected) => {
    expect((await call('/v1/things/1', { method: 'PUT', headers })).status).toBe(expected);
  });
});

describe('errors', () => {
  it('of the app are answered by its catalogue, with their safe fields, which cannot displace members of the problem', async () => {
    const traceparent = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01';
    const { status, response, problem } = await call('/v1/things/taken?x=1', { headers: { traceparent } });
    expect(status).toBe(409);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(problem).toEqual({
      type: 'urn:tenantry:problem:thing-taken',
      title: 'Taken',
      status: 409,
      detail: 'The slug is taken.',
      instance: '/v1/things/taken',
      code: 'thing-taken',
      state: 'ACTIVE',
      requestId: response.headers.get('x-request-id'),
      traceId: '0123456789abcdef0123456789abcdef',
    });
  });

  it.each(['broken', 'uncatalogued'])(
    'that nobody expected (%s) reveal nothing and are logged once',
    async (path) => {
      const { status, problem } = await call(`/v1/things/${path}`);
      expect({ status, code: problem.code }).toEqual({ status: 500, code: 'internal-error' });
      expect(JSON.stringify(problem)).not.toMatch(/hunter2|internal words/);
      expect(
        logged.filter((line) => line.msg === 'request failed' && line.traceId === problem.traceId),
      ).toHaveLength(1);
    },
  );

  it('of the database are logged without the values that they carry', async () => {
    const { problem } = await call('/v1/things/query-failed');
    const lines = logged.filter((line) => line.msg === 'request failed' && line.traceId === problem.traceId);
    expect(lines).toMatchObject([
      { err: { type: 'Error', code: '23502', constraint: 'tenant_plan_check', cause: { code: '23502' } } },
    ]);
    expect(JSON.stringify(lines)).not.toContain('planted');
  });

  it('of an unreachable dependency are 503, to be tried again', async () => {
    const { status, response } = await call('/v1/things/unreachable');
    expect(status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
  });

  it('that Nest has a status for keep it', async () => {
    const { status, problem } = await call('/v1/things/teapot');
    expect({ status, problemStatus: problem.status }).toEqual({ status: 418, problemStatus: 418 });
  });
});

describe('documentation', () => {
  it('is served with the statuses that follow from the kind of route', async () => {
    const document = (await (await fetch(`${base}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { responses: object }>>;
    };
    expect(Object.keys(document.paths['/v1/things']?.post?.responses ?? {})).toEqual(
      expect.arrayContaining(['201', '400', '401', '403', '413', '415', '500', '503']),
    );
    expect(Object.keys(document.paths['/v1/things/{id}']?.put?.responses ?? {})).toEqual(
      expect.arrayContaining(['412', '428']),
    );
    expect(Object.keys(document.paths['/v1/open/{name}']?.get?.responses ?? {})).not.toContain('401');
    expect((await fetch(`${base}/docs`)).status).toBe(200);
  });
});

describe('probes', () => {
  it('tell what there is to look at in /healthz alone, and fail nothing over it', async () => {
    expect((await call('/healthz', { key: null })).problem).toEqual({
      status: 'ok',
      checks: { database: 'up' },
      reports: { routes: { status: 'ok', stalenessSeconds: 1 } },
    });
    staleness = { status: 'degraded', stalenessSeconds: 900 };
    const degraded = await call('/healthz', { key: null });
    expect(degraded).toMatchObject({
      status: 200,
      problem: { status: 'degraded', reports: { routes: staleness } },
    });
    expect((await call('/readyz', { key: null })).problem).toEqual({
      status: 'ok',
      checks: { database: 'up' },
    });
  });

  it('tell what fails, not why, and a draining process is not ready', async () => {
    expect((await call('/readyz', { key: null })).problem).toEqual({
      status: 'ok',
      checks: { database: 'up' },
    });
    databaseUp = false;
    const down = await call('/readyz', { key: null });
    expect(down.status).toBe(503);
    expect(down.problem.checks).toEqual({ database: 'down' });
    expect(JSON.stringify(down.problem)).not.toContain('secret-host');
    expect((await call('/livez', { key: null })).status).toBe(200);
    databaseUp = true;
    app.get(Drain, { strict: false }).begin();
    expect((await call('/readyz', { key: null })).status).toBe(503);
    expect((await call('/healthz', { key: null })).status).toBe(200);
    expect((await call('/v1/things')).status).toBe(200);
  });
});
