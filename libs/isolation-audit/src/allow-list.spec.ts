import { describe, expect, it } from '@jest/globals';
import { allowancesOf, sortByAllowances } from './allow-list.js';
import { RLS_OFF, SERIAL } from './testing/example-report.js';

describe('the allow-list', () => {
  const sorted = (...allowances: Parameters<typeof sortByAllowances>[1][number][]) =>
    sortByAllowances([RLS_OFF, SERIAL], allowances, '2026-06-30');

  it('allows what it names, with the reason', () => {
    const { open, allowed, expired, unused } = sorted({
      probe: 'serial-ids',
      object: 'app.invoice.*',
      reason: 'on paper',
      expires: '2026-06-30',
    });
    expect([open, expired, unused]).toEqual([[RLS_OFF], [], []]);
    expect(allowed).toEqual([{ ...SERIAL, reason: 'on paper', expires: '2026-06-30' }]);
  });

  it('lets go of what has expired, and tells of what fits nothing', () => {
    const past = { probe: 'serial-ids', object: '*', reason: 'for now', expires: '2026-06-29' };
    const other = { probe: 'rls-off', object: 'app.Odd*', reason: 'no such name' };
    expect(sorted(past, other)).toEqual({
      open: [RLS_OFF, SERIAL],
      allowed: [],
      expired: [past],
      unused: [other],
    });
  });

  it('takes a name for itself, whatever it is made of', () => {
    expect(sorted({ probe: 'rls-off', object: 'app."Odd name"', reason: 'r' }).open).toEqual([SERIAL]);
    expect(sorted({ probe: 'serial-ids', object: 'app.invoice.numbe.', reason: 'r' }).open).toHaveLength(2);
  });

  it.each([
    [{}, 'allow must be a list'],
    [[{ probe: 'rls-off', object: 'x' }], 'allow[0] needs a reason'],
    [[{ probe: 'rls-off', object: 'x', reason: ' ' }], 'allow[0] needs a reason'],
    [[null], 'allow[0] needs a probe'],
    [[{ probe: 'p', object: 'x', reason: 'r', expires: 'soon' }], 'no date'],
    [[{ probe: 'p', object: 'x', reason: 'r', expires: '2026-13-01' }], 'no date'],
    [[{ probe: 'p', object: 'x', reason: 'r', until: '2026-01-01' }], 'unknown field, until'],
  ])('refuses %j', (value, reason) => {
    expect(() => allowancesOf(value)).toThrow(reason);
  });
});
