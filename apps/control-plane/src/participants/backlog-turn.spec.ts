import { describe, expect, it } from '@jest/globals';
import { hasItsTurnAhead, type BacklogWalk } from './backlog-turn.js';

const [A, B, C, D] = ['a', 'b', 'c', 'd'] as const;
const walk = (changes: Partial<BacklogWalk>): BacklogWalk => ({
  backfillStartedAt: new Date(0),
  backfillEndedAt: null,
  backfillCursor: B,
  backfillUntil: C,
  ...changes,
});

describe('hasItsTurnAhead', () => {
  it.each([
    ['no walk', walk({ backfillStartedAt: null }), C, false],
    ['an ended walk', walk({ backfillEndedAt: new Date(1) }), C, false],
    ['a walk that has not begun', walk({ backfillCursor: null, backfillUntil: null }), A, true],
    ['one that was taken up', walk({}), B, false],
    ['one before it', walk({}), A, false],
    ['the last one', walk({}), C, true],
    ['one that came later', walk({}), D, false],
  ])('knows %s', (_what, given, tenantId, ahead) => {
    expect(hasItsTurnAhead(given, tenantId)).toBe(ahead);
  });
});
