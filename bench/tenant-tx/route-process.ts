import { RouteCache } from '@tenantry/data-plane-kit';
import { stateRecord } from '@tenantry/testing';
import { randomUUID } from 'node:crypto';

/** A process of its own, so that its memory is that of the routes alone. Prints what it measured as JSON. */
const { routes, rounds, lookups } = JSON.parse(process.argv[2] ?? '{}') as {
  routes: number;
  rounds: number;
  lookups: number;
};
const collect = globalThis.gc;
if (!collect) throw new Error('start this with --expose-gc');

const heap = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

/** A string of its own, as one that was read from somewhere: what randomUUID returns is a chain of pieces, several times as large. */
const flat = (text: string): string => Buffer.from(text).toString('latin1');

const ids = Array.from({ length: routes }, () => flat(randomUUID()));
const before = heap();
const cache = new RouteCache();
// As it comes from the state channel: from JSON, which shares no strings.
for (const tenantId of ids) {
  const told = stateRecord({ tenantId, state: 'ACTIVE', generation: 1, isolation: 'pooled' });
  cache.apply(JSON.parse(JSON.stringify(told)) as typeof told);
}
cache.markComplete();
const bytesPerRoute = (heap() - before) / routes;

const bare = new Map<string, object>();
for (const record of cache.all()) bare.set(record.tenantId, record);

/** As requests bring them: strings that nobody has seen before, whose hash is not known yet. */
function freshKeys(): string[] {
  return Array.from({ length: lookups }, () => flat(ids[Math.floor(Math.random() * ids.length)] ?? ''));
}

let found = 0;
function timed(look: (key: string) => unknown): number {
  const keys = freshKeys();
  collect?.();
  const startedAt = performance.now();
  for (const key of keys) if (look(key) !== undefined) found += 1;
  return (performance.now() - startedAt) / lookups;
}

const resolve = (key: string): unknown => cache.openRoute(key, 'primary');
const get = (key: string): unknown => bare.get(key);
const rows: { resolveMs: number; getMs: number }[] = [];
for (let round = 0; round <= rounds; round += 1) {
  const first = round % 2 === 0;
  const one = timed(first ? resolve : get);
  const other = timed(first ? get : resolve);
  if (round > 0) rows.push(first ? { resolveMs: one, getMs: other } : { resolveMs: other, getMs: one });
}
if (found !== lookups * 2 * (rounds + 1)) throw new Error('a route was not found');
process.stdout.write(`${JSON.stringify({ bytesPerRoute, rounds: rows })}\n`);
