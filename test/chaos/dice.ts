/** Chance that a seed repeats. Forks are independent: what one draws does not move another. */
export class Dice {
  private readonly seed: string;
  private readonly state: Uint32Array<ArrayBuffer>;

  constructor(seed: string) {
    this.seed = seed;
    this.state = Uint32Array.from([0, 1, 2, 3], (lane) => hash(`${seed} ${lane}`));
  }

  fork(label: string): Dice {
    return new Dice(`${this.seed}/${label}`);
  }

  /** From 0 up to, not including, 1 (the generator sfc32). */
  next(): number {
    const [a = 0, b = 0, c = 0, counter = 0] = this.state;
    const drawn = (a + b + counter) >>> 0;
    this.state.set([b ^ (b >>> 9), c + (c << 3), ((c << 21) | (c >>> 11)) + drawn, counter + 1]);
    return drawn / 2 ** 32;
  }

  /** A whole number, both ends included. */
  between(lowest: number, highest: number): number {
    return lowest + Math.floor(this.next() * (highest - lowest + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(things: readonly T[]): T {
    const thing = things[this.between(0, things.length - 1)];
    if (thing === undefined) throw new RangeError('there is nothing to pick from');
    return thing;
  }

  shuffled<T>(things: readonly T[]): T[] {
    const order = things.map((thing) => ({ thing, place: this.next() }));
    return order.sort((a, b) => a.place - b.place).map(({ thing }) => thing);
  }
}

/** Every thing once in a random order, then again in another: so that a long run leaves none out. */
export class Deck<T> {
  private left: T[] = [];
  private readonly things: readonly T[];
  private readonly dice: Dice;

  constructor(things: readonly T[], dice: Dice) {
    this.things = things;
    this.dice = dice;
  }

  draw(): T {
    if (this.left.length === 0) this.left = this.dice.shuffled(this.things);
    return this.left.pop() as T;
  }
}

/** FNV-1a with a final mix. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
