import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Param } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { recordSpans, waitFor, type RecordedSpans } from '@tenantry/testing';
import { HealthModule } from '../health.module.js';
import { configureHttpApp, createHttpApp } from '../http-app.js';
import { createLogger, loggingModule } from '../logger.js';
import { currentRequestContext } from '../request-context.js';
import { Public } from '../require-role.decorator.js';

interface Place {
  readonly active: string | undefined;
  readonly traceparent: string | undefined;
}

@Public()
@Controller('v1/things')
class ThingController {
  @Get(':id')
  async read(@Param('id') id: string): Promise<Place> {
    await new Promise((resolve) => setImmediate(resolve));
    if (id === 'broken') throw new Error('of a secret');
    return {
      active: trace.getActiveSpan()?.spanContext().spanId,
      traceparent: currentRequestContext()?.traceparent,
    };
  }
}

const logger = createLogger({ service: 'test', level: 'silent' });

@Module({
  imports: [loggingModule(logger), HealthModule.register({ useFactory: () => [] })],
  controllers: [ThingController],
})
class TestModule {}

const CAUSE = '00-0123456789abcdef0123456789abcdef-00f067aa0ba902b7-01';

describe('the span of a request', () => {
  let app: NestExpressApplication;
  let url: string;
  let recorded: RecordedSpans;

  beforeAll(async () => {
    app = await createHttpApp(TestModule);
    configureHttpApp(app, {
      logger,
      authenticator: { authenticate: () => Promise.resolve(undefined) },
      openApi: { title: 'Test', description: '', version: '1' },
    });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    recorded = recordSpans();
  });

  afterAll(async () => {
    await recorded.stop();
    await app.close();
  });

  async function ask(path: string, headers: Record<string, string> = {}): Promise<unknown> {
    const answer = await fetch(`${url}${path}`, { headers: { connection: 'close', ...headers } });
    return answer.json();
  }

  const spans = (count: number) =>
    waitFor(`${count} spans`, async () => recorded.ended().length === count && recorded.ended());

  it('continues the caller’s trace and is the place of all that the request causes', async () => {
    const { active, traceparent } = (await ask('/v1/things/one?name=secret', {
      traceparent: CAUSE,
    })) as Place;
    const [span] = await spans(1);
    expect(span).toMatchObject({
      name: 'GET /v1/things/:id',
      kind: SpanKind.SERVER,
      parentSpanContext: { spanId: '00f067aa0ba902b7' },
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/v1/things/:id',
        'http.response.status_code': 200,
        'url.path': '/v1/things/one',
      },
    });
    expect(JSON.stringify(span?.attributes)).not.toContain('secret');
    expect(active).toBe(span?.spanContext().spanId);
    expect(traceparent).toBe(`00-${span?.spanContext().traceId}-${active}-01`);
  });

  it('begins a trace without one, fails where we failed, and is what the answer names', async () => {
    const { traceId } = (await ask('/v1/things/broken')) as { traceId: string };
    const span = (await spans(2))[1];
    expect(span?.parentSpanContext).toBeUndefined();
    expect(span?.spanContext().traceId).toBe(traceId);
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(JSON.stringify(span?.attributes)).not.toContain('secret');
  });

  it('is not made of probes', async () => {
    await ask('/livez');
    await ask('/nowhere');
    expect((await spans(3)).map(({ name }) => name)).toEqual([
      'GET /v1/things/:id',
      'GET /v1/things/:id',
      'GET',
    ]);
  });
});
