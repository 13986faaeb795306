import { describe, expect, it } from '@jest/globals';
import { markSql, type ObjectMarker, readMarker } from './object-marker.js';

const MARKER: ObjectMarker = {
  service: 'example',
  tenantId: '01890000-0000-7000-8000-00000000000a',
  generation: 4_294_967_297,
  database: `it's "here"`,
};

const written = JSON.stringify({ madeBy: 'tenantry', ...MARKER });

describe('a marker', () => {
  it('is read as it was written, and quoted in its statement', () => {
    expect(readMarker(written)).toEqual(MARKER);
    expect(markSql('ROLE', 't"x', MARKER)).toMatch(/^COMMENT ON ROLE "t""x" IS  ?E?'.*it''s.*'$/);
  });

  it.each([
    ['no comment', null],
    ['a text', 'of the billing team'],
    ['a number', '7'],
    ['nothing', 'null'],
    ['somebody else’s JSON', '{"service":"example","generation":1}'],
    ['no generation', written.replace(/"generation":\d+,/, '')],
    ['a generation that is no number', written.replace(/4294967297/, '"1"')],
    ['a generation that never was', written.replace(/4294967297/, '0')],
    ['no tenant', written.replace(MARKER.tenantId, 'all')],
    ['no service', written.replace('"example"', 'null')],
    ['no database', written.replace('"database"', '"db"')],
  ])('is not seen in %s', (_what, comment) => {
    expect(readMarker(comment)).toBeUndefined();
  });
});
