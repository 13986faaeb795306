import { createHash } from 'node:crypto';

/** Numbers that look random and are the same for the same seed and purpose. */
export class SeededRandom {
  private state: number;

  /** @param purpose each case draws from a sequence of its own, so that running one alone repeats what it did among all. */
  constructor(seed: number, purpose: string) {
    this.state = createHash('sha256').update(`${seed} ${purpose}`).digest().readUInt32BE(0);
  }

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to below `bound`. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** The same things in another order. */
  shuffled<T>(things: readonly T[]): T[] {
    const left = [...things];
    return things.map(() => left.splice(this.below(left.length), 1)[0] as T);
  }
}
