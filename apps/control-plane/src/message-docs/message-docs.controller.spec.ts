import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Module } from '@nestjs/common';
import { topicNames } from '@tenantry/contracts';
import {
  HealthModule,
  configureHttpApp,
  createHttpApp,
  createLogger,
  loggingModule,
} from '@tenantry/service';
import { MessageDocsModule } from './message-docs.module.js';

const logger = createLogger({ service: 'message-docs-test', level: 'silent' });

@Module({
  imports: [
    loggingModule(logger),
    HealthModule.register({ useFactory: () => [] }),
    MessageDocsModule.forRoot(topicNames('acme'), '1.2.3'),
  ],
})
class TestModule {}

describe('the description of messages', () => {
  let app: NestExpressApplication;
  let url: string;
  beforeAll(async () => {
    app = await createHttpApp(TestModule);
    configureHttpApp(app, {
      logger,
      authenticator: { authenticate: async () => undefined },
      openApi: { title: 'test', description: 'test', version: '0' },
    });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app?.close());

  it('is there for generators, without a key', async () => {
    const answer = await fetch(`${url}/asyncapi.json`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await answer.json()).toMatchObject({
      asyncapi: '3.0.0',
      info: { version: '1.2.3' },
      channels: { state: { address: 'acme.tenant.state.v1' } },
    });
  });

  it('is there for people, and may load nothing', async () => {
    const answer = await fetch(`${url}/asyncapi`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(await answer.text()).toContain('<article id="tenant.provisioned.v1">');
  });
});
