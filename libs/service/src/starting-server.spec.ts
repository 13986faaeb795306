import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { SchemaTooNew } from '@tenantry/database';
import { Writable } from 'node:stream';
import type { AddressInfo } from 'node:net';
import { HealthModule } from './health.module.js';
import { configureHttpApp, createHttpApp } from './http-app.js';
import { createLogger, loggingModule } from './logger.js';
import { StartingServer } from './starting-server.js';

const lines: Record<string, unknown>[] = [];
const logger = createLogger(
  { service: 'test' },
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().split('\n').filter(Boolean))
        lines.push(JSON.parse(line) as Record<string, unknown>);
      done();
    },
  }),
);
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  lines.length = 0;
});

@Controller('v1/open')
class TestController {
  @Get()
  get() {
    return {};
  }
}

@Module({
  imports: [loggingModule(logger), HealthModule.register({ useFactory: () => [] })],
  controllers: [TestController],
})
class TestModule {}

async function started() {
  const server = await StartingServer.listen({ logger, host: '127.0.0.1', port: 0 });
  closing.push(async () => {
    server.handOver(() => undefined);
    server.http.closeAllConnections();
    await new Promise((resolve) => server.http.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.http.address() as AddressInfo).port}`;
  const get = async (path: string) => {
    const answer = await fetch(`${url}${path}`, { headers: { connection: 'close' } });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as object };
  };
  return { server, get };
}

describe('a process whose application is not there yet', () => {
  it('lives, and says what it waits for, on /readyz and in the log', async () => {
    const { server, get } = await started();
    const asked = Promise.withResolvers<void>();
    const there = Promise.withResolvers<void>();
    let isThere = false;
    const met = server.untilMet([
      {
        name: 'database',
        check: async () => {
          asked.resolve();
          if (!isThere) throw new Error('connect ECONNREFUSED 10.0.0.7');
        },
      },
      { name: 'migrations', check: () => there.promise },
    ]);
    await asked.promise;
    // The check has failed when the log says so.
    while (!lines.some(({ waitingFor }) => waitingFor === 'database'))
      await new Promise((resolve) => setImmediate(resolve));
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'the start waits', waitingFor: 'database' }));
    expect(await get('/livez')).toMatchObject({ status: 200, body: { status: 'ok' } });
    const { status, headers, body } = await get('/readyz');
    expect(status).toBe(503);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({
      code: 'not-ready',
      detail: 'The start waits for: database.',
      checks: { database: 'down', migrations: 'unknown' },
    });
    expect(JSON.stringify(body)).not.toContain('10.0.0.7');
    expect((await get('/v1/tenants')).status).toBe(503);
    isThere = true;
    there.resolve();
    await met;
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'what was waited for is there' }));
    expect((await get('/readyz')).body).toMatchObject({ checks: { database: 'up', migrations: 'up' } });
  });

  it('waits for nothing that no waiting mends', async () => {
    const { server } = await started();
    const tooNew = new SchemaTooNew([{ name: 'later', servesFrom: '9.0.0' }], '0.1.0');
    await expect(server.untilMet([{ name: 'migrations', check: () => Promise.reject(tooNew) }])).rejects.toBe(
      tooNew,
    );
  });

  it('attends to signals until somebody else does: what has begun is not cut off', async () => {
    const before = process.listenerCount('SIGTERM');
    const { server } = await started();
    expect(process.listenerCount('SIGTERM')).toBe(before + 1);
    server.yieldSignals();
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });

  it('hands its server over to the application, whose answers come from then on', async () => {
    const { server, get } = await started();
    expect((await get('/readyz')).status).toBe(503);
    const app = await createHttpApp(TestModule, server);
    expect(StartingServer.of(app.getHttpServer())).toBe(server);
    configureHttpApp(app, {
      logger,
      authenticator: { authenticate: () => Promise.resolve(undefined) },
      openApi: { title: 't', description: 'd', version: '1' },
    });
    expect((await get('/readyz')).status).toBe(503);
    await app.listen(0);
    expect((await get('/readyz')).status).toBe(200);
    expect((await get('/v1/open')).status).toBe(401);
    expect((await get('/nothing')).status).toBe(404);
  });
});
