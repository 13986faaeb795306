import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { median } from '../statistics.ts';

export interface RouteResolution {
  /** What the kit's cache keeps on the heap for each tenant's record with its route. */
  readonly bytesPerRoute: number;
  readonly resolveNs: number;
  readonly getNs: number;
  /** How many times as fast as `Map.get`: the median of the rounds. */
  readonly ratio: number;
}

/** Loads so many routes into a process of its own, and looks random ones up beside a bare `Map.get` of the same kind of keys. */
export async function routeResolution(routes: number): Promise<RouteResolution> {
  const entry = fileURLToPath(new URL('./route-process.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    [
      '--expose-gc',
      '--max-old-space-size=8192',
      entry,
      JSON.stringify({ routes, rounds: 7, lookups: 300_000 }),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const output = (await text(child.stdout)).trim().split('\n').at(-1);
  if (!output) throw new Error('the lookups ended without a result');
  const { bytesPerRoute, rounds } = JSON.parse(output) as {
    bytesPerRoute: number;
    rounds: { resolveMs: number; getMs: number }[];
  };
  return {
    bytesPerRoute,
    resolveNs: median(rounds.map(({ resolveMs }) => resolveMs)) * 1e6,
    getNs: median(rounds.map(({ getMs }) => getMs)) * 1e6,
    ratio: median(rounds.map(({ resolveMs, getMs }) => getMs / resolveMs)),
  };
}
