import { partsAndNumbers } from '../options.ts';
import type { Report, Row, Say } from '../report.ts';
import { benchServers } from '../servers.ts';
import { rounded } from '../statistics.ts';
import { inTurns, ratio, type BurstOptions, type Measured } from './bursts.ts';
import { delay } from './delay.ts';
import { documents } from './documents.ts';
import { routeResolution } from './route-resolution.ts';
import { making } from './provisioning.ts';
import { variants, type Databases } from './variants.ts';

const PARTS = ['direct', 'delayed', 'routes', 'provisioning'] as const;
const EACH_WAY_MS = 1;

/** `npm run bench -- tenant-tx`; docs/benchmarks.md has the options and the method. */
export async function bench(args: string[], say: Say): Promise<Report> {
  const { parts, routes, ...bursts } = optionsOf(args);
  const rows: Row[] = [];
  const figures: Record<string, unknown> = {};
  const ratios: Record<string, number> = {};
  if (parts.has('routes')) {
    say(`loads ${routes} routes`);
    const measured = await routeResolution(routes);
    figures['routes'] = measured;
    ratios['routeResolution'] = measured.ratio;
    rows.push(
      {
        what: `a route among ${routes}, against Map.get`,
        value: `${rounded(measured.resolveNs)} ns`,
        comparedWith: `${rounded(measured.getNs)} ns`,
        ratio: `${rounded(measured.ratio)} x`,
        target: '>= 0.7 x',
        met: measured.ratio >= 0.7,
      },
      { what: 'memory for each of them', value: `${rounded(measured.bytesPerRoute)} B` },
    );
  }
  if (parts.has('provisioning')) {
    const servers = await benchServers(say, { kafka: false });
    try {
      say('makes tenants with schemas and databases of their own');
      const made = await making();
      figures['provisioning'] = made.figures;
      Object.assign(ratios, made.ratios);
      rows.push(...made.rows);
    } finally {
      await servers.stop();
    }
  }
  if (parts.has('direct') || parts.has('delayed')) {
    const servers = await benchServers(say, { kafka: false });
    try {
      await withDatabases(say, async (databases) => {
        if (parts.has('direct')) {
          say('reads without latency');
          const measured = await read(databases, (url) => url, bursts);
          figures['direct'] = measured;
          rows.push(...judged('no latency', measured, DIRECT, ratios));
        }
        if (parts.has('delayed')) {
          say(`reads with ${EACH_WAY_MS} ms each way`);
          const way = await delay(servers.databaseUrl, EACH_WAY_MS);
          try {
            const measured = await read(databases, (url) => way.through(url), bursts);
            figures['delayed'] = measured;
            rows.push(...judged(`${EACH_WAY_MS} ms each way`, measured, DELAYED, ratios));
            rows.push(latency(measured, ratios));
          } finally {
            await way.close();
          }
        }
      });
    } finally {
      await servers.stop();
    }
  }
  return { rows, figures: { ...figures, ratios } };
}

interface Target {
  readonly name: string;
  readonly variant: string;
  readonly against: string;
  readonly atLeast?: number;
}

const LIMIT = 'unscoped';
const BY_HAND = 'four round trips';

const DIRECT: readonly Target[] = [
  { name: 'directByHand', variant: 'query', against: BY_HAND, atLeast: 1.15 },
  { name: 'directLimit', variant: 'query', against: LIMIT, atLeast: 0.45 },
  { name: 'directMac', variant: 'query, signed (mac)', against: BY_HAND, atLeast: 0.65 },
  { name: 'directSetting', variant: 'query, signed (setting)', against: BY_HAND },
  { name: 'directRun', variant: 'run, one read', against: BY_HAND },
  { name: 'directTypeorm', variant: 'query', against: 'TypeORM transaction' },
  { name: 'directDrizzle', variant: 'query', against: 'Drizzle with RLS' },
];

const DELAYED: readonly Target[] = [
  { name: 'delayedByHand', variant: 'query', against: BY_HAND, atLeast: 3 },
  { name: 'delayedLimit', variant: 'query', against: LIMIT, atLeast: 0.82 },
  { name: 'delayedMac', variant: 'query, signed (mac)', against: BY_HAND, atLeast: 2.7 },
  { name: 'delayedSetting', variant: 'query, signed (setting)', against: BY_HAND },
  { name: 'delayedRun', variant: 'run, one read', against: BY_HAND },
  { name: 'delayedTypeorm', variant: 'query', against: 'TypeORM transaction' },
  { name: 'delayedDrizzle', variant: 'query', against: 'Drizzle with RLS' },
];

function judged(
  where: string,
  measured: readonly Measured[],
  targets: readonly Target[],
  ratios: Record<string, number>,
): Row[] {
  return targets.map(({ name, variant, against, atLeast }) => {
    const [one, other] = [named(measured, variant), named(measured, against)];
    const times = ratio(one, other);
    ratios[name] = times;
    return {
      what: `${where}: ${variant}, against ${against}`,
      value: `${rounded(one.perSecond)}/s`,
      comparedWith: `${rounded(other.perSecond)}/s`,
      ratio: `${rounded(times)} x`,
      ...(atLeast !== undefined && { target: `>= ${atLeast} x`, met: times >= atLeast }),
    };
  });
}

function latency(measured: readonly Measured[], ratios: Record<string, number>): Row {
  const [run, limit] = [named(measured, 'run, one read'), named(measured, LIMIT)];
  const times = run.p50Ms / limit.p50Ms;
  ratios['delayedRunP50'] = times;
  return {
    what: `${EACH_WAY_MS} ms each way: run, one read, p50, against ${LIMIT}`,
    value: `${rounded(run.p50Ms)} ms`,
    comparedWith: `${rounded(limit.p50Ms)} ms`,
    ratio: `${rounded(times)} x`,
    target: '<= 1.25 x',
    met: times <= 1.25,
  };
}

function named(measured: readonly Measured[], name: string): Measured {
  const found = measured.find((one) => one.name === name);
  if (!found) throw new Error(`nothing was measured for ${name}`);
  return found;
}

async function withDatabases(say: Say, work: (databases: Databases) => Promise<void>): Promise<void> {
  say('fills the databases');
  const unsigned = await documents('off');
  const mac = await documents('mac');
  const setting = await documents('setting');
  try {
    await work({ unsigned, mac, setting });
  } finally {
    for (const one of [unsigned, mac, setting]) await one.drop();
  }
}

async function read(
  databases: Databases,
  way: (url: string) => string,
  bursts: BurstOptions,
): Promise<Measured[]> {
  const all = await variants(databases, way, bursts.clients);
  try {
    return await inTurns(all, databases.unsigned.anyTenant, bursts);
  } finally {
    for (const one of all) await one.close();
  }
}

function optionsOf(args: string[]): BurstOptions & { readonly parts: ReadonlySet<string>; routes: number } {
  const { parts, number } = partsAndNumbers(args, PARTS, {
    clients: 4,
    rounds: 9,
    'burst-ms': 500,
    routes: 1_000_000,
  });
  return {
    parts,
    clients: number('clients'),
    rounds: number('rounds'),
    burstMs: number('burst-ms'),
    routes: number('routes'),
  };
}
