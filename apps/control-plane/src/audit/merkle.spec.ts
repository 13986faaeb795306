import { describe, expect, it } from '@jest/globals';
import { leafOf, mth, path, proof, rootFromPath } from '../testing/rfc9162.js';
import {
  consistencyParts,
  inclusionParts,
  proofOf,
  subtreesOf,
  verifyConsistency,
  verifyInclusion,
  type NodePlace,
} from './merkle-proof.js';
import { EMPTY_ROOT, MerkleFrontier, foldRoot } from './merkle.js';

const MOST = 70;
const LEAVES = Array.from({ length: MOST }, (_, index) => leafOf(`${index}`));

/** Everything that a log of all leaves would have stored. */
const NODES = new Map<string, Buffer>();
const ROOTS = [EMPTY_ROOT];
const frontier = new MerkleFrontier();
for (const leaf of LEAVES) {
  for (const { level, index, hash } of frontier.append(leaf)) NODES.set(`${level}/${index}`, hash);
  ROOTS.push(frontier.root());
}

function hashAt({ level, index }: NodePlace): Buffer {
  const hash = NODES.get(`${level}/${index}`);
  if (!hash) throw new Error(`no node ${level}/${index}`);
  return hash;
}

const rootAt = (size: number): Buffer => ROOTS[size]!;

describe('the Merkle tree', () => {
  it('has the roots that the reference implementation of RFC 6962 is tested with', () => {
    const inputs = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    const tree = new MerkleFrontier();
    for (const [index, input] of inputs.entries()) {
      tree.append(leafOf(Buffer.from(input, 'hex').toString()));
      expect(tree.root().toString('hex')).toBe(roots[index]);
    }
  });

  it('has the roots of an independent implementation, however large it is', () => {
    for (let size = 0; size <= MOST; size += 1) {
      const expected = mth(LEAVES.slice(0, size));
      expect(rootAt(size)).toEqual(expected);
      expect(foldRoot(subtreesOf(0, size).map(hashAt))).toEqual(expected);
    }
  });

  it('goes on from any size with nothing but its complete subtrees', () => {
    for (let size = 0; size < MOST; size += 1) {
      const peaks = subtreesOf(0, size).map((place) => ({ ...place, hash: hashAt(place) }));
      const resumed = new MerkleFrontier(size, peaks);
      resumed.append(LEAVES[size]!);
      expect([resumed.size, resumed.root()]).toEqual([size + 1, rootAt(size + 1)]);
    }
  });
});

describe('an inclusion proof', () => {
  it('is that of an independent implementation, of at most log n hashes, and convinces both', () => {
    for (let size = 1; size <= MOST; size += 1) {
      for (let position = 0; position < size; position += 1) {
        const hashes = proofOf(inclusionParts(position, size), hashAt);
        expect(hashes).toEqual(path(position, LEAVES.slice(0, size)));
        expect(hashes.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)));
        expect(rootFromPath(LEAVES[position]!, position, size, hashes)).toEqual(rootAt(size));
        expect(verifyInclusion(LEAVES[position]!, position, size, hashes, rootAt(size))).toBe(true);
      }
    }
  });

  it('convinces nobody of anything else', () => {
    const size = 37;
    for (let position = 0; position < size; position += 1) {
      const leaf = LEAVES[position]!;
      const hashes = proofOf(inclusionParts(position, size), hashAt);
      const holds = (changes: {
        leaf?: Buffer;
        position?: number;
        size?: number;
        hashes?: Buffer[];
        root?: Buffer;
      }) =>
        verifyInclusion(
          changes.leaf ?? leaf,
          changes.position ?? position,
          changes.size ?? size,
          changes.hashes ?? hashes,
          changes.root ?? rootAt(size),
        );
      expect(holds({ leaf: LEAVES[(position + 1) % size]! })).toBe(false);
      for (let other = -1; other <= size; other += 1) {
        if (other !== position) expect(holds({ position: other })).toBe(false);
      }
      expect(holds({ position: position + 0.5 })).toBe(false);
      expect(holds({ size: 0 })).toBe(false);
      expect(holds({ root: rootAt(size - 1) })).toBe(false);
      expect(holds({ hashes: hashes.slice(1) })).toBe(false);
      expect(holds({ hashes: [...hashes, LEAVES[0]!] })).toBe(false);
      hashes.forEach((_, at) => expect(holds({ hashes: hashes.with(at, LEAVES[69]!) })).toBe(false));
    }
  });

  it('of a leaf beyond the tree cannot be asked for', () => {
    expect(() => inclusionParts(3, 3)).toThrow(RangeError);
    expect(() => inclusionParts(-1, 3)).toThrow(RangeError);
  });
});

describe('a consistency proof', () => {
  it('is that of an independent implementation, and convinces', () => {
    for (let size = 1; size <= MOST; size += 1) {
      for (let before = 1; before <= size; before += 1) {
        const hashes = proofOf(consistencyParts(before, size), hashAt);
        expect(hashes).toEqual(proof(before, LEAVES.slice(0, size)));
        const earlier = { size: before, root: rootAt(before) };
        expect(verifyConsistency(earlier, { size, root: rootAt(size) }, hashes)).toBe(true);
      }
    }
  });

  it('does not hold for a tree that was rewritten', () => {
    const rewritten = LEAVES.with(5, leafOf('other'));
    const size = 37;
    for (let before = 1; before <= size; before += 1) {
      const earlier = { size: before, root: rootAt(before) };
      const hashes = proof(before, rewritten.slice(0, size));
      const now = { size, root: mth(rewritten.slice(0, size)) };
      // A tree that ends before the change is still continued by it.
      expect(verifyConsistency(earlier, now, hashes)).toBe(before <= 5);
      expect(verifyConsistency({ ...earlier, root: LEAVES[69]! }, now, hashes)).toBe(false);
    }
    expect(verifyConsistency({ size: 0, root: EMPTY_ROOT }, { size, root: rootAt(size) }, [])).toBe(false);
    expect(verifyConsistency({ size: 9, root: rootAt(9) }, { size: 8, root: rootAt(8) }, [])).toBe(false);
  });
});
