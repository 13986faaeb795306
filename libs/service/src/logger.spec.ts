import { describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { Logger as NestLogger } from 'nestjs-pino';
import { withLogFields } from './log-context.js';
import { createLogger, loggingModule } from './logger.js';

function capture(write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown> {
  const lines: string[] = [];
  write(createLogger({ service: 'test' }, { write: (line) => void lines.push(line) }));
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

const laden = (cause: unknown): Error => Object.assign(new Error('inner', { cause }), { detail: 'planted' });

describe('the logger', () => {
  it('adds the fields of the current work', () => {
    const line = capture((logger) =>
      withLogFields({ tenantId: 't', eventId: 'e' }, () => logger.info({ n: 1 }, 'done')),
    );
    expect(line).toMatchObject({
      level: 'info',
      msg: 'done',
      service: 'test',
      tenantId: 't',
      eventId: 'e',
      n: 1,
    });
  });

  it('shows of an error what it is, and none of the values that it carries', () => {
    const failure = Object.assign(new TypeError('broken', { cause: laden(laden(null)) }), {
      parameters: ['planted'],
      detail: 'planted',
      code: '23505',
      constraint: 'tenant_slug_key',
    });
    const line = capture((logger) => logger.error({ err: failure }, 'x'));
    expect(line).toMatchObject({
      err: {
        type: 'TypeError',
        message: 'broken',
        code: '23505',
        constraint: 'tenant_slug_key',
        stack: expect.stringContaining('TypeError: broken'),
        cause: { message: 'inner', cause: { message: 'inner' } },
      },
    });
    expect(JSON.stringify(line)).not.toContain('planted');
    expect(JSON.stringify(capture((logger) => logger.error(failure)))).not.toContain('planted');
  });

  it('bears an error that is its own cause, and one that is no error', () => {
    const circular = laden(null);
    circular.cause = circular;
    expect(JSON.stringify(capture((logger) => logger.error({ err: circular }, 'x')))).not.toContain(
      'planted',
    );
    expect(capture((logger) => logger.error({ err: 'text' }, 'x'))).toMatchObject({
      err: { message: 'text' },
    });
    const thrown = capture((logger) => logger.error({ err: { parameters: ['planted'] } }, 'x'));
    expect(JSON.stringify(thrown)).not.toContain('planted');
  });

  it('hands the framework a logger that does the same', async () => {
    const lines: string[] = [];
    const logger = createLogger({ service: 'test' }, { write: (line) => void lines.push(line) });
    const app = await NestFactory.createApplicationContext(loggingModule(logger), { logger: false });
    app.get(NestLogger).error(laden(null));
    app.get(NestLogger).error({ err: laden(null) }, 'x');
    await app.close();
    expect(lines).toHaveLength(2);
    expect(lines.map((line) => (JSON.parse(line) as { err: object }).err)).toMatchObject([
      { message: 'inner' },
      { message: 'inner' },
    ]);
    expect(lines.join()).not.toContain('planted');
  });

  it('redacts secrets by name', () => {
    const line = capture((logger) =>
      logger.info({ password: 'a', headers: { authorization: 'b', host: 'c' } }, 'x'),
    );
    expect(line).toMatchObject({
      password: '[redacted]',
      headers: { authorization: '[redacted]', host: 'c' },
    });
  });
});
