import { describe, expect, it } from '@jest/globals';
import type { ReplayedFact } from '@tenantry/contracts';
import { partsOf } from './replay-parts.js';

const fact = (seq: number, bytes: number): ReplayedFact => ({
  id: `event-${seq}`,
  type: 'tenant.updated.v1',
  time: '2026-01-01T00:00:00.000Z',
  tenantSeq: String(seq),
  generation: '1',
  data: { text: 'x'.repeat(bytes) },
});

describe('partsOf', () => {
  it('keeps few facts together', () => {
    const facts = [fact(1, 10), fact(2, 10)];
    expect(partsOf(facts)).toEqual([facts]);
  });

  it('splits where a message would be too large, in order and without loss', () => {
    const facts = Array.from({ length: 20 }, (_, index) => fact(index + 1, 20_000));
    const parts = partsOf(facts);
    expect(parts.flat()).toEqual(facts);
    expect(parts.length).toBeGreaterThan(5);
    for (const part of parts) expect(JSON.stringify(part).length).toBeLessThan(66_000);
  });

  it('gives a large fact a part of its own', () => {
    expect(partsOf([fact(1, 10), fact(2, 100_000), fact(3, 10)]).map((part) => part.length)).toEqual([
      1, 1, 1,
    ]);
  });
});
