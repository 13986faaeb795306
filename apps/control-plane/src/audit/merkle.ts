import { createHash } from 'node:crypto';

/** A complete subtree: of the 2^level leaves from index × 2^level on. */
export interface MerkleNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Buffer;
}

const NODE = Buffer.from([0x01]);

/** The root of the tree without leaves (RFC 9162, 2.1.1). */
export const EMPTY_ROOT: Buffer = createHash('sha256').digest();

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/**
 * The Merkle tree of RFC 9162 as it grows: only the roots of its complete subtrees are kept, one for each bit of its size, so
 * that appending needs nothing else of what was there before.
 */
export class MerkleFrontier {
  private readonly peaks: MerkleNode[];

  /** @param peaks the complete subtrees of a tree of `size` leaves, largest first (see {@link peaksOf}). */
  constructor(
    private leaves = 0,
    peaks: readonly MerkleNode[] = [],
  ) {
    this.peaks = [...peaks];
  }

  get size(): number {
    return this.leaves;
  }

  /** Adds a leaf. @returns it and every subtree that it completes. */
  append(leaf: Buffer): MerkleNode[] {
    let node: MerkleNode = { level: 0, index: this.leaves, hash: leaf };
    const completed = [node];
    for (let left = this.peaks.at(-1); left?.level === node.level; left = this.peaks.at(-1)) {
      this.peaks.pop();
      node = { level: node.level + 1, index: left.index / 2, hash: nodeHash(left.hash, node.hash) };
      completed.push(node);
    }
    this.peaks.push(node);
    this.leaves += 1;
    return completed;
  }

  root(): Buffer {
    return foldRoot(this.peaks.map(({ hash }) => hash));
  }
}

/** The root above complete subtrees that lie side by side, the largest first. */
export function foldRoot(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 0) return EMPTY_ROOT;
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}
