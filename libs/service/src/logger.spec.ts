import { describe, expect, it } from '@jest/globals';
import { withLogFields } from './log-context.js';
import { createLogger } from './logger.js';

function capture(write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown> {
  const lines: string[] = [];
  write(createLogger({ service: 'test' }, { write: (line) => void lines.push(line) }));
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

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
