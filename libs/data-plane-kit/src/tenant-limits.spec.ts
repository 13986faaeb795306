import { describe, expect, it } from '@jest/globals';
import { timeoutSettings } from './tenant-limits.js';

describe('the limits of a tenant', () => {
  it('are settings of Postgres in whole milliseconds, and nothing where none is given', () => {
    expect(timeoutSettings({})).toEqual([]);
    expect(timeoutSettings({ statementTimeoutMs: 1500, lockTimeoutMs: 0.2 })).toEqual([
      ['statement_timeout', '1500ms'],
      ['lock_timeout', '1ms'],
    ]);
  });

  it.each([0, -1, NaN, Infinity])('refuse %d, which Postgres would take for no limit or not at all', (ms) => {
    expect(() => timeoutSettings({ statementTimeoutMs: ms })).toThrow(RangeError);
  });
});
