import { describe, expect, it } from '@jest/globals';
import { MAX_MESSAGE_BYTES, MAX_MESSAGE_DEPTH, excessOf } from './message-bounds.js';
import { parseEnvelopeText } from './parse-envelope.js';

const nested = (depth: number, open = '[', close = ']'): unknown =>
  JSON.parse(open.repeat(depth) + '1' + close.repeat(depth));

describe('a payload', () => {
  it.each([undefined, null, 0, '', {}, { a: [1, { b: 'ü' }] }])('of %j fits', (payload) => {
    expect(excessOf(payload)).toBeUndefined();
  });

  it('may be as deep as the limit, and no deeper', () => {
    expect(excessOf(nested(MAX_MESSAGE_DEPTH))).toBeUndefined();
    expect(excessOf(nested(MAX_MESSAGE_DEPTH + 1))).toContain('deeper');
    expect(excessOf(nested(100_000))).toContain('deeper');
    expect(excessOf(nested(100_000, '{"a":', '}'))).toContain('deeper');
  });

  it.each([
    ['text', (bytes: number) => 'x'.repeat(bytes - 2)],
    ['text of two bytes a character', (bytes: number) => 'ü'.repeat((bytes - 2) / 2)],
    ['text that is escaped', (bytes: number) => '"'.repeat((bytes - 2) / 2)],
    ['a list', (bytes: number) => [...Array(bytes / 2 - 2).fill(1), 11]],
    ['an object', (bytes: number) => ({ ['x'.repeat(bytes - 6)]: 1 })],
  ])('of %s may be as large as the limit, and no larger', (_what, ofBytes) => {
    expect(Buffer.byteLength(JSON.stringify(ofBytes(MAX_MESSAGE_BYTES)))).toBe(MAX_MESSAGE_BYTES);
    expect(excessOf(ofBytes(MAX_MESSAGE_BYTES))).toBeUndefined();
    expect(excessOf(ofBytes(MAX_MESSAGE_BYTES + 2))).toContain('bytes');
  });
});

describe('an envelope', () => {
  const attributes = '"id":"i","source":"s","type":"t.v1","time":"now","subject":"x"';

  it.each([
    ['too deep', '['.repeat(100_000) + ']'.repeat(100_000), 'data is nested deeper'],
    ['too large', JSON.stringify('x'.repeat(MAX_MESSAGE_BYTES)), 'data is larger'],
  ])('with %s data is refused', (_what, data, reason) => {
    expect(parseEnvelopeText(`{${attributes},"data":${data}}`)).toEqual({
      ok: false,
      reason: expect.stringContaining(reason),
    });
  });

  it('that is deep where nobody looks is read without it', () => {
    const extension = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(parseEnvelopeText(`{${attributes},"other":${extension},"data":{}}`)).toMatchObject({ ok: true });
  });
});
