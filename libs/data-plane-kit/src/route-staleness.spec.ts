import { describe, expect, it } from '@jest/globals';
import { RouteStaleness } from './route-staleness.js';

describe('RouteStaleness', () => {
  it('counts from the start, from where an earlier process was, and from each confirmation', () => {
    let now = 1000;
    const staleness = new RouteStaleness(() => now);
    now = 1500;
    expect(staleness.ms).toBe(500);
    staleness.resume(60_000);
    expect(staleness.ms).toBe(60_000);
    staleness.confirm();
    expect(staleness.ms).toBe(0);
    now = 1700;
    expect(staleness.ms).toBe(200);
  });

  it('does not believe in a confirmation from the future', () => {
    const staleness = new RouteStaleness(() => 0);
    staleness.resume(-5000);
    expect(staleness.ms).toBe(0);
  });
});
