import { createHash } from 'node:crypto';

/**
 * RFC 9162, 2.1, word by word: recursive and over whole lists. Slow, and written without a look at what it checks, so that a mistake
 * there is not made twice.
 */
const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

export function mth(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (!only) return sha256();
  if (leaves.length === 1) return only;
  const k = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha256(Buffer.from([1]), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

/** The leaf of a text that is canonical JSON already. */
export function leafOf(text: string): Buffer {
  return sha256(Buffer.from([0]), Buffer.from(text, 'utf8'));
}

/** PATH(m, D_n) of 2.1.3.1. */
export function path(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return m < k
    ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
}

/** PROOF(m, D_n) of 2.1.4.1. */
export function proof(m: number, leaves: readonly Buffer[]): Buffer[] {
  return subproof(m, leaves, true);
}

function subproof(m: number, leaves: readonly Buffer[], b: boolean): Buffer[] {
  const n = leaves.length;
  if (m === n) return b ? [] : [mth(leaves)];
  const k = 2 ** Math.ceil(Math.log2(n) - 1);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), b), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
}

/** Walks an inclusion proof up to the root: the direction at each level follows from the splits alone. */
export function rootFromPath(leaf: Buffer, m: number, n: number, hashes: readonly Buffer[]): Buffer {
  if (n === 1) {
    if (hashes.length > 0) throw new Error('the proof is too long');
    return leaf;
  }
  const sibling = hashes.at(-1);
  if (!sibling) throw new Error('the proof is too short');
  const k = 2 ** Math.ceil(Math.log2(n) - 1);
  const rest = hashes.slice(0, -1);
  return m < k
    ? sha256(Buffer.from([1]), rootFromPath(leaf, m, k, rest), sibling)
    : sha256(Buffer.from([1]), sibling, rootFromPath(leaf, m - k, n - k, rest));
}
