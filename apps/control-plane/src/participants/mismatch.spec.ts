import { describe, expect, it } from '@jest/globals';
import { mismatchOf, type Said } from './mismatch.js';

const said = (changes: Partial<Said> = {}): Said => ({
  capabilities: ['suspend', 'reactivate'],
  stores: ['primary'],
  reported: { capabilities: ['suspend', 'reactivate'], stores: ['primary'] },
  retiredAt: null,
  lastHeartbeatAt: new Date(0),
  ...changes,
});

describe('mismatchOf', () => {
  it('has nothing to say while both say the same, and before the first heartbeat', () => {
    expect(mismatchOf(said(), true)).toEqual([]);
    expect(mismatchOf(said({ reported: null }), false)).toEqual([]);
  });

  it('names what is missing and what is too much', () => {
    const reported = { capabilities: ['suspend', 'reactivate', 'purge'], stores: ['a', 'b'] } as const;
    expect(mismatchOf(said({ reported }), true)).toEqual([
      'its heartbeat reports the capability purge, not declared of it',
      'its heartbeat does not report the store primary, and it is asked all the same',
      'its heartbeat reports the stores a, b, not declared of it',
    ]);
  });

  it('says when what it reports cannot be declared at all', () => {
    const reported = { capabilities: ['provision'], stores: [] } as const;
    expect(mismatchOf(said({ capabilities: [], stores: [], reported }), true)).toEqual([
      expect.stringContaining('what it reports cannot be declared: provision needs'),
      'its heartbeat reports the capability provision, not declared of it',
    ]);
  });

  it('says that a retired one lives, and nothing else of it', () => {
    const retired = said({ retiredAt: new Date(0), reported: { capabilities: [], stores: [] } });
    expect(mismatchOf(retired, false)).toEqual([]);
    expect(mismatchOf(retired, true)).toEqual([expect.stringContaining('retired, but alive')]);
  });
});
