import { describe, expect, it } from '@jest/globals';
import { MAX_JSON_DEPTH, findInsaneText } from './text-sanity.js';

describe('findInsaneText', () => {
  it('lets every well-formed text through', () => {
    expect(findInsaneText('body', { a: ['😀', 'é', '\t\n', 1, null, true], '': '' })).toEqual([]);
  });

  it('points at each bad text', () => {
    const value = { a: 'x\0', b: [{ 'c/~': '\ud83d' }], '\udc00': 1 };
    expect(findInsaneText('body', value).map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining(['/a', '/b/0/c~1~0', '']),
    );
  });

  it.each(['__proto__', 'constructor', 'prototype'])('points at the name %s, at every depth', (name) => {
    const parsed: unknown = JSON.parse(`{"labels":[{"a":{"${name}":"x"}}]}`);
    expect(findInsaneText('body', parsed).map(({ pointer }) => pointer)).toEqual([`/labels/0/a/${name}`]);
  });

  it('lets those names through as values', () => {
    expect(findInsaneText('body', ['__proto__', 'constructor', 'prototype'])).toEqual([]);
  });

  it('stops at the greatest depth', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    expect(findInsaneText('body', nested(MAX_JSON_DEPTH))).toEqual([]);
    expect(findInsaneText('body', nested(MAX_JSON_DEPTH + 1))).toHaveLength(1);
  });
});
