import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Param } from '@nestjs/common';
import { recordMetrics, type RecordedMetrics } from '@tenantry/testing';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { HealthModule } from './health.module.js';
import { configureHttpApp, createHttpApp } from './http-app.js';
import { createLogger, loggingModule } from './logger.js';
import { Public } from './require-role.decorator.js';

@Public()
@Controller('v1/things')
class ThingController {
  @Get(':id')
  read(@Param('id') id: string): { id: string } {
    return { id };
  }
}

const logger = createLogger({ service: 'test', level: 'silent' });

@Module({
  imports: [loggingModule(logger), HealthModule.register({ useFactory: () => [] })],
  controllers: [ThingController],
})
class TestModule {}

describe('the duration of requests', () => {
  let metrics: RecordedMetrics;
  let app: NestExpressApplication;
  let url: string;

  beforeAll(async () => {
    metrics = recordMetrics();
    app = await createHttpApp(TestModule);
    configureHttpApp(app, {
      logger,
      authenticator: { authenticate: () => Promise.resolve(undefined) },
      openApi: { title: 'Test', description: '', version: '1' },
    });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });

  afterAll(async () => {
    await app.close();
    await metrics.stop();
  });

  const recorded = (labels: Record<string, string | number>): Promise<number | undefined> =>
    metrics.value('http.server.request.duration', labels);

  it('is recorded by route, so that no id becomes a label', async () => {
    for (const id of ['a', 'b']) {
      const answer = await fetch(`${url}/v1/things/${id}`, { headers: { connection: 'close' } });
      expect(answer.status).toBe(200);
      await answer.text();
    }
    const route = { 'http.request.method': 'GET', 'http.route': '/v1/things/:id' };
    expect(await recorded({ ...route, 'http.response.status_code': 200 })).toBe(2);
  });

  it('is recorded without a route where there is none', async () => {
    await (await fetch(`${url}/nowhere/1`, { headers: { connection: 'close' } })).text();
    expect(await recorded({ 'http.request.method': 'GET', 'http.response.status_code': 404 })).toBe(1);
  });
});
