import { foldRoot, nodeHash } from './merkle.js';

/** The place of a complete subtree. */
export interface NodePlace {
  readonly level: number;
  readonly index: number;
}

/** Adjoining complete subtrees, the largest first, whose common root is one hash of a proof. */
export type ProofPart = readonly NodePlace[];

/** The complete subtrees that cover the leaves [from, to), the largest first; `from` has to be where a tree of that size may begin. */
export function subtreesOf(from: number, to: number): NodePlace[] {
  const places: NodePlace[] = [];
  for (let start = from; start < to;) {
    const size = largestPowerUpTo(to - start);
    places.push({ level: Math.log2(size), index: start / size });
    start += size;
  }
  return places;
}

/** What the inclusion proof of a leaf in a tree of `size` leaves consists of (RFC 9162, 2.1.3.1), nearest first. */
export function inclusionParts(position: number, size: number): ProofPart[] {
  if (!(position >= 0 && position < size)) throw new RangeError('the leaf is not in the tree');
  const parts: ProofPart[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    const left = position < middle;
    parts.unshift(left ? subtreesOf(middle, to) : subtreesOf(from, middle));
    [from, to] = left ? [from, middle] : [middle, to];
  }
  return parts;
}

/** What the proof that a tree of `size` leaves continues one of `before` leaves consists of (RFC 9162, 2.1.4.1). */
export function consistencyParts(before: number, size: number): ProofPart[] {
  if (!(before > 0 && before <= size)) throw new RangeError('the earlier tree is no part of the later one');
  const parts: ProofPart[] = [];
  let [from, to, whole] = [0, size, true];
  while (before < to) {
    const middle = from + splitOf(to - from);
    const left = before <= middle;
    parts.unshift(left ? subtreesOf(middle, to) : subtreesOf(from, middle));
    if (left) to = middle;
    else [from, whole] = [middle, false];
  }
  return whole ? parts : [subtreesOf(from, to), ...parts];
}

/** The hashes of a proof from those of its subtrees. */
export function proofOf(parts: readonly ProofPart[], hashAt: (place: NodePlace) => Buffer): Buffer[] {
  return parts.map((part) => foldRoot(part.map(hashAt)));
}

/** Whether the proof shows that a leaf is at this position of the tree with this root (RFC 9162, 2.1.3.2). */
export function verifyInclusion(
  leaf: Buffer,
  position: number,
  size: number,
  proof: readonly Buffer[],
  root: Buffer,
): boolean {
  if (!(Number.isSafeInteger(position) && position >= 0 && position < size)) return false;
  let [fn, sn, hash] = [position, size - 1, leaf];
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else hash = nodeHash(hash, sibling);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && hash.equals(root);
}

/** Whether the proof shows that the later tree only adds leaves to the earlier one (RFC 9162, 2.1.4.2). */
export function verifyConsistency(
  before: { readonly size: number; readonly root: Buffer },
  after: { readonly size: number; readonly root: Buffer },
  proof: readonly Buffer[],
): boolean {
  if (before.size === after.size) return proof.length === 0 && before.root.equals(after.root);
  if (before.size <= 0 || before.size > after.size) return false;
  const path = isPowerOfTwo(before.size) ? [before.root, ...proof] : [...proof];
  let [fn, sn] = [before.size - 1, after.size - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  const first = path.shift();
  if (!first) return false;
  let [fr, sr] = [first, first];
  for (const hash of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [nodeHash(hash, fr), nodeHash(hash, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else sr = nodeHash(sr, hash);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && fr.equals(before.root) && sr.equals(after.root);
}

/** Bit operations end at 32 bits; positions do not. */
const half = (n: number): number => Math.floor(n / 2);
const isPowerOfTwo = (n: number): boolean => largestPowerUpTo(n) === n;

function largestPowerUpTo(n: number): number {
  let power = 1;
  while (power * 2 <= n) power *= 2;
  return power;
}

/** Where a tree of n leaves splits: the largest power of two below n. */
function splitOf(n: number): number {
  return largestPowerUpTo(n - 1);
}
