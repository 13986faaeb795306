import { partsAndNumbers } from '../options.ts';
import type { Report, Row, Say } from '../report.ts';
import { benchServers } from '../servers.ts';
import { median, quantile, rounded } from '../statistics.ts';
import { newBacklog } from './backlog.ts';
import { measureClaimCost, type ClaimCost } from './claim-cost.ts';
import { rawKafka } from './kafka.ts';
import { measureLatency } from './latency.ts';
import { measureLongTransaction } from './long-transaction.ts';
import { measurePeer } from './peer.ts';
import { measureThroughput, throughputRatio } from './throughput.ts';

const PARTS = ['throughput', 'latency', 'claims', 'hold'] as const;
const TENANTS = 1_000;

/** `npm run bench -- outbox`; docs/benchmarks.md has the options and the method. */
export async function bench(args: string[], say: Say): Promise<Report> {
  const options = optionsOf(args);
  const servers = await benchServers(say);
  try {
    const rows: Row[] = [];
    const figures: Record<string, unknown> = { ratios: {} };
    const ratios = figures['ratios'] as Record<string, number>;
    const add = (part: { rows: Row[]; figures: object; ratios: Record<string, number> }): void => {
      rows.push(...part.rows);
      Object.assign(figures, part.figures);
      Object.assign(ratios, part.ratios);
    };
    if (options.parts.has('throughput')) add(await throughput(servers.brokers, options, say));
    if (options.parts.has('latency')) add(await latency(servers.brokers, options, say));
    if (options.parts.has('claims')) add(await claims(options, say));
    if (options.parts.has('hold')) add(await hold(servers.brokers, options, say));
    return { rows, figures };
  } finally {
    await servers.stop();
  }
}

interface Options {
  readonly parts: ReadonlySet<string>;
  readonly events: number;
  readonly batch: number;
  readonly repeats: number;
  readonly peerSeconds: number;
  readonly samples: number;
  readonly pending: number;
  readonly rate: number;
  readonly holdMinutes: number;
}

function optionsOf(args: string[]): Options {
  const { parts, number } = partsAndNumbers(args, PARTS, {
    events: 100_000,
    batch: 500,
    repeats: 3,
    'peer-seconds': 12,
    samples: 400,
    pending: 1_000_000,
    rate: 1000,
    'hold-minutes': 1,
  });
  return {
    parts,
    events: number('events'),
    batch: number('batch'),
    repeats: number('repeats'),
    peerSeconds: number('peer-seconds'),
    samples: number('samples'),
    pending: number('pending'),
    rate: number('rate'),
    holdMinutes: number('hold-minutes'),
  };
}

interface Part {
  readonly rows: Row[];
  readonly figures: object;
  readonly ratios: Record<string, number>;
}

async function throughput(brokers: readonly string[], options: Options, say: Say): Promise<Part> {
  const { events, repeats, batch, peerSeconds } = options;
  say(`writes ${events} events`);
  const backlog = await newBacklog(TENANTS);
  await backlog.fill(events);
  const measured = await measureThroughput(backlog, brokers, { events, repeats, batchSize: batch }, say);
  const kafka = rawKafka(brokers);
  const polling = await measurePeer('polling', backlog, kafka, peerSeconds, say);
  const replication = await measurePeer('replication', backlog, kafka, peerSeconds, say);
  await backlog.drop();
  const relay = median(measured.relay);
  const raw = throughputRatio(measured);
  const row = (peer: string, rate: number | undefined, target?: number): Row[] =>
    rate === undefined
      ? []
      : [
          {
            what: `relay against ${peer}`,
            value: `${rounded(relay)}/s`,
            comparedWith: `${rounded(rate)}/s`,
            ratio: `${rounded(relay / rate)} x`,
            ...(target !== undefined && { target: `>= ${target} x`, met: relay / rate >= target }),
          },
        ];
  return {
    rows: [
      ...row(`kafkajs, batches of ${batch}`, median(measured.raw), 0.6),
      ...row('pg-transactional-outbox, polling', polling, 50),
      ...row('pg-transactional-outbox, replication', replication, 50),
    ],
    figures: { throughput: { ...measured, peer: { polling, replication } } },
    ratios: {
      raw,
      ...(polling !== undefined && { peerPolling: relay / polling }),
      ...(replication !== undefined && { peerReplication: relay / replication }),
      peer: relay / Math.max(polling ?? 0, replication ?? 0),
    },
  };
}

async function latency(brokers: readonly string[], { samples }: Options, say: Say): Promise<Part> {
  say(`sends ${samples} events one at a time`);
  const backlog = await newBacklog(TENANTS, true);
  const measured = await measureLatency(backlog, brokers, samples);
  await backlog.drop();
  const of = (values: readonly number[]) => ({
    p50: quantile(values, 0.5),
    p95: quantile(values, 0.95),
    p99: quantile(values, 0.99),
  });
  const [relay, raw] = [of(measured.relay), of(measured.raw)];
  const ratio = relay.p50 / raw.p50;
  return {
    rows: [
      {
        what: 'commit to handler, p50, against kafkajs',
        value: `${rounded(relay.p50)} ms`,
        comparedWith: `${rounded(raw.p50)} ms`,
        ratio: `${rounded(ratio)} x`,
        target: '<= 1.5 x',
        met: ratio <= 1.5,
      },
      {
        what: 'commit to handler, p99',
        value: `${rounded(relay.p99)} ms`,
        comparedWith: `${rounded(raw.p99)} ms`,
        target: '< 100 ms',
        met: relay.p99 < 100,
      },
    ],
    figures: { latency: { relay, raw } },
    ratios: { latencyP50: ratio },
  };
}

async function claims({ pending }: Options, say: Say): Promise<Part> {
  say(`measures claims with 1000 and with ${pending} pending`);
  const costs = await measureClaimCost([1_000, pending], say);
  const row = (what: string, [small, large]: readonly ClaimCost[], of: (cost: ClaimCost) => number): Row => {
    const [less, more] = [small ? of(small) : NaN, large ? of(large) : NaN];
    return {
      what: `${what}, ${pending} pending against 1000`,
      value: `${rounded(more)} ms`,
      comparedWith: `${rounded(less)} ms`,
      ratio: `${rounded(more / less)} x`,
      target: '<= 1.5 x',
      met: more <= less * 1.5,
    };
  };
  const rows = [
    row('look for work and read it, by the clock', costs.read, ({ clockP50 }) => clockP50),
    row('look for work and read it, by EXPLAIN', costs.read, ({ executionMs }) => executionMs),
    row('take shards, by the clock', costs.claim, ({ clockP50 }) => clockP50),
    row('take shards, by EXPLAIN', costs.claim, ({ executionMs }) => executionMs),
  ];
  const [small, large] = costs.read;
  return {
    rows,
    figures: { claims: costs },
    ratios: {
      claimClock: (large?.clockP50 ?? NaN) / (small?.clockP50 ?? NaN),
      claimExplain: (large?.executionMs ?? NaN) / (small?.executionMs ?? NaN),
    },
  };
}

async function hold(brokers: readonly string[], options: Options, say: Say): Promise<Part> {
  const { rate, holdMinutes } = options;
  say(`writes ${rate} events a second`);
  const load = { eventsPerSecond: rate, holdMs: holdMinutes * 60_000 };
  const measured = await measureLongTransaction(brokers, load, say);
  const { p99, space } = measured;
  const ratio = p99.read.held / p99.read.before;
  const takeRatio = p99.claim.held / p99.claim.before;
  const total = ({ table, indexes }: (typeof space)['held']): number => table + indexes;
  const megabytes = (bytes: number): string => `${rounded(bytes / 1_000_000)} MB`;
  return {
    rows: [
      {
        what: `look for work and read it, p99, a transaction open for ${holdMinutes} min`,
        value: `${rounded(p99.read.held)} ms`,
        comparedWith: `${rounded(p99.read.before)} ms`,
        ratio: `${rounded(ratio)} x`,
        target: '<= 2 x',
        met: ratio <= 2,
      },
      {
        what: 'look for free shards, p99, the same',
        value: `${rounded(p99.claim.held)} ms`,
        comparedWith: `${rounded(p99.claim.before)} ms`,
        ratio: `${rounded(takeRatio)} x`,
        target: '<= 2 x',
        met: takeRatio <= 2,
      },
      {
        what: 'dead rows afterwards against while it was open',
        value: String(space.after.dead),
        comparedWith: String(space.held.dead),
        target: '<= 0.1 x',
        met: space.after.dead * 10 <= space.held.dead,
      },
      {
        what: 'size of the table afterwards against while it was open',
        value: megabytes(space.after.table),
        comparedWith: megabytes(space.held.table),
        target: '<= 0.5 x',
        met: space.after.table * 2 <= space.held.table,
      },
      {
        what: 'size with its indexes',
        value: megabytes(total(space.after)),
        comparedWith: megabytes(total(space.held)),
      },
    ],
    figures: { longTransaction: measured },
    ratios: { heldClaimP99: ratio, heldTakeP99: takeRatio },
  };
}
