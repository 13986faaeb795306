import { parseArgs } from 'node:util';

/** What a benchmark was told: which of its parts to run, and its numbers. */
export interface PartsAndNumbers<N extends string> {
  readonly parts: ReadonlySet<string>;
  readonly number: (name: N) => number;
}

/**
 * Reads `--only PART`, as often as wanted and all of them by default, and `--NAME number` for each number that has a default.
 *
 * @throws Error for an option or a part that is not there, and for a number that is not above 0.
 */
export function partsAndNumbers<N extends string>(
  args: string[],
  parts: readonly string[],
  defaults: Readonly<Record<N, number>>,
): PartsAndNumbers<N> {
  const names = Object.keys(defaults) as N[];
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', multiple: true, default: [...parts] },
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    },
  });
  for (const part of values.only)
    if (!parts.includes(part)) throw new Error(`--only must be one of ${parts.join(', ')}`);
  const given: Readonly<Record<string, unknown>> = values;
  const numbers = new Map(names.map((name) => [name, Number(given[name] ?? defaults[name])]));
  for (const [name, value] of numbers)
    if (!(value > 0)) throw new Error(`--${name} must be a number above 0`);
  return { parts: new Set(values.only), number: (name) => numbers.get(name) ?? defaults[name] };
}
