import { median, quantile } from '../statistics.ts';
import type { Variant } from './variants.ts';

export interface Measured {
  readonly name: string;
  /** The median of the rounds. */
  readonly perSecond: number;
  readonly p50Ms: number;
  /** Of each round, in their order, so that variants are compared within a round. */
  readonly rates: readonly number[];
}

export interface BurstOptions {
  readonly clients: number;
  readonly rounds: number;
  /** How long one variant reads in one round. */
  readonly burstMs: number;
}

/**
 * Lets the variants read in turns, in another order each round, since a machine is not equally fast from one second to
 * the next. The first round is not counted.
 */
export async function inTurns(
  all: readonly Variant[],
  anyTenant: () => string,
  { clients, rounds, burstMs }: BurstOptions,
): Promise<Measured[]> {
  const rates = new Map<Variant, number[]>(all.map((variant) => [variant, []]));
  const latencies = new Map<Variant, number[]>(all.map((variant) => [variant, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const variant of rotated(all, round)) {
      const times: number[] = [];
      const startedAt = performance.now();
      const until = startedAt + burstMs;
      await Promise.all(Array.from({ length: clients }, () => readUntil(variant, anyTenant, until, times)));
      if (round === 0) continue;
      rates.get(variant)?.push((times.length / (performance.now() - startedAt)) * 1000);
      latencies.get(variant)?.push(...times);
    }
  }
  return all.map((variant) => ({
    name: variant.name,
    perSecond: median(rates.get(variant) ?? []),
    p50Ms: quantile(latencies.get(variant) ?? [], 0.5),
    rates: rates.get(variant) ?? [],
  }));
}

async function readUntil(
  variant: Variant,
  anyTenant: () => string,
  until: number,
  times: number[],
): Promise<void> {
  for (let now = performance.now(); now < until;) {
    const rows = await variant.read(anyTenant());
    if (rows !== 10) throw new Error(`${variant.name} read ${rows} rows instead of 10`);
    const end = performance.now();
    times.push(end - now);
    now = end;
  }
}

function rotated<T>(all: readonly T[], by: number): T[] {
  const at = by % all.length;
  return [...all.slice(at), ...all.slice(0, at)];
}

/** How many times as fast as another one: the median of the rounds' ratios. */
export function ratio(of: Measured, against: Measured): number {
  return median(of.rates.map((rate, round) => rate / (against.rates[round] ?? NaN)));
}
