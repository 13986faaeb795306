import { describe, expect, it } from '@jest/globals';
import { ConfigError, env, readConfig } from './environment.js';

const SCHEMA = {
  url: env.postgresUrl('DB_URL'),
  port: env.port('PORT', 3000),
  level: env.oneOf('LEVEL', ['info', 'debug'], 'info'),
  names: env.list('NAMES', ['default'], /^[a-z]+$/),
  graceMs: env.durationMs('GRACE', 1000),
  extra: env.optional(env.text('EXTRA')),
};

describe('readConfig', () => {
  it('reads what is given, fills in defaults, and freezes', () => {
    const config = readConfig(SCHEMA, {
      DB_URL: 'postgres://u:p@h/d',
      NAMES: 'a, b,',
      GRACE: 'P1D',
      LEVEL: '',
    });
    expect(config).toEqual({
      url: 'postgres://u:p@h/d',
      port: 3000,
      level: 'info',
      names: ['a', 'b'],
      graceMs: 86_400_000,
      extra: undefined,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('names everything that is missing or wrong at once, without a value', () => {
    const from = { PORT: '65536', LEVEL: 'loud', NAMES: 'A', GRACE: '-P1D', EXTRA: 'fine' };
    const read = () => readConfig(SCHEMA, from);
    expect(read).toThrow(ConfigError);
    try {
      read();
    } catch (error) {
      const { problems } = error as ConfigError;
      expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
        'DB_URL',
        'PORT',
        'LEVEL',
        'NAMES',
        'GRACE',
      ]);
      expect(problems.join()).not.toMatch(/65536|loud|-P1D/);
    }
  });

  it.each(['1.5', '0x10', '1e3', ' 1', '-1'])('takes no odd number: %j', (raw) => {
    expect(() => readConfig({ port: SCHEMA.port }, { PORT: raw })).toThrow(ConfigError);
  });

  it('repeats what a parser says is wrong, and nothing but that', () => {
    const even = env.parsed('EVEN', 2, (raw) => {
      if (raw === 'bug') throw new TypeError('a bug');
      if (Number(raw) % 2 !== 0) throw new RangeError(`"${raw}" is odd`);
      return Number(raw);
    });
    expect(readConfig({ even }, {})).toEqual({ even: 2 });
    expect(readConfig({ even }, { EVEN: '4' })).toEqual({ even: 4 });
    expect(() => readConfig({ even }, { EVEN: '3' })).toThrow('invalid configuration: EVEN: "3" is odd');
    expect(() => readConfig({ even }, { EVEN: 'bug' })).toThrow(TypeError);
  });
});
