import { describe, expect, it } from '@jest/globals';
import { decodeCursor, encodeCursor } from './cursor.js';
import { pageOf } from './page.js';
import { InvalidRequest } from './request-errors.js';

const isText = (value: unknown): value is string => typeof value === 'string';

describe('a cursor', () => {
  it('comes back as the place it was made of', () => {
    expect(decodeCursor(encodeCursor('ä/0'), isText)).toBe('ä/0');
  });

  it.each([
    ['empty', ''],
    ['no base64url', '!!!'],
    ['padded', `${encodeCursor('abcd')}==`],
    ['no JSON', Buffer.from('{').toString('base64url')],
    ['of another kind', encodeCursor({ id: 1 })],
    ['cut short', encodeCursor('a longer place').slice(0, -2)],
    ['of a text with a NUL', 'Ilx1MDAwMCI'],
    ['of half a surrogate pair', Buffer.from('"\\ud800"').toString('base64url')],
  ])('that is %s is refused', (_what, token) => {
    expect(() => decodeCursor(token, isText)).toThrow(InvalidRequest);
  });
});

describe('a page', () => {
  const read = (rows: number[], limit: number) => pageOf(rows.slice(0, limit + 1), limit, (row) => row);

  it('names the place of its last row while there is more', () => {
    const page = read([1, 2, 3], 2);
    expect(page.data).toEqual([1, 2]);
    expect(page.nextCursor).toBe(encodeCursor(2));
  });

  it('is the last one when nothing follows', () => {
    expect(read([1, 2], 2)).toEqual({ data: [1, 2], nextCursor: null });
    expect(read([], 2)).toEqual({ data: [], nextCursor: null });
  });
});
