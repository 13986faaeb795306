import type { ReplayedFact } from '@tenantry/contracts';

/** Of one part, in bytes of JSON: well below what a message may have. */
const MAX_PART_BYTES = 64 * 1024;

/**
 * Splits facts into parts that fit a message each, always in the same way, so that a replay that is asked for again has the
 * parts that it had.
 */
export function partsOf(facts: readonly ReplayedFact[]): ReplayedFact[][] {
  const parts: ReplayedFact[][] = [];
  let bytes = Infinity;
  for (const fact of facts) {
    const size = Buffer.byteLength(JSON.stringify(fact));
    bytes += size;
    if (bytes > MAX_PART_BYTES) {
      parts.push([]);
      bytes = size;
    }
    parts.at(-1)?.push(fact);
  }
  return parts;
}
