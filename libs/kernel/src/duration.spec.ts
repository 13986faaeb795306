import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatDurationMs, MAX_DURATION_MS, parseDurationMs } from './duration.js';

describe('parseDurationMs', () => {
  it.each([
    ['P30D', 30 * 86_400_000],
    ['PT10S', 10_000],
    ['PT0S', 0],
    ['P1DT12H', 36 * 3_600_000],
    ['PT1H30M5S', 5_405_000],
    ['P3650D', MAX_DURATION_MS],
  ])('reads %s', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it.each([
    '',
    'P',
    'PT',
    'P1DT',
    '-P1D',
    'P-1D',
    'P1M',
    'P1Y',
    'P2W',
    'P1.5D',
    'PT0.5S',
    'P3651D',
    'P999999999D',
    '30',
    'p1d',
    ' P1D',
    'P1D\n',
  ])('refuses %j', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  it('reads back what formatDurationMs writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS / 1000 }), (seconds) => {
        expect(parseDurationMs(formatDurationMs(seconds * 1000))).toBe(seconds * 1000);
      }),
    );
  });
});
