import { describe, expect, it } from '@jest/globals';
import { databaseScope } from './database-scope.js';

const SERVER = ['app', 'app_old', 'control', 'a.b', 'axb', 'two\nlines'];

describe('the scope of a scan', () => {
  it.each([
    [[], SERVER],
    [['*'], SERVER],
    [['!control'], SERVER.filter((name) => name !== 'control')],
    [['app*'], ['app', 'app_old']],
    [
      ['app*', '!*_old', 'control'],
      ['app', 'control'],
    ],
    [['a.b'], ['a.b']],
    [['!*'], []],
    [['app', '!app'], []],
  ])('%j', (patterns, expected) => {
    expect(SERVER.filter(databaseScope(patterns))).toEqual(expected);
  });
});
