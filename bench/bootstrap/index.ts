import { parseArgs } from 'node:util';
import type { Report, Row, Say } from '../report.ts';
import { benchServers } from '../servers.ts';
import { rounded } from '../statistics.ts';
import { embeddedState, kafkaState, type StateSource } from './state-source.ts';
import { watchedService, type Seen } from './watched-service.ts';

const TRANSPORTS = ['kafka', 'embedded'] as const;
/** What a process may take, in MiB, whatever the number of tenants up to 100,000. */
const MEMORY_TARGET_MIB = 512;
const TIME_TARGET_S = 60;

/** `npm run bench -- bootstrap`: how long a new service needs to know every tenant, and what it needs for that. */
export async function bench(args: string[], say: Say): Promise<Report> {
  const { values } = parseArgs({
    args,
    options: {
      tenants: { type: 'string', default: '100000' },
      transport: { type: 'string', multiple: true, default: [...TRANSPORTS] },
    },
  });
  const tenants = Number(values.tenants);
  if (!Number.isSafeInteger(tenants) || tenants < 1) throw new Error('--tenants must be a number above 0');
  const servers = await benchServers(say);
  try {
    const rows: Row[] = [];
    const figures: Record<string, unknown> = { tenants };
    for (const transport of TRANSPORTS.filter((one) => values.transport.includes(one))) {
      say(`${transport}: writes the state of ${tenants} tenants`);
      const source = await (transport === 'kafka'
        ? kafkaState(servers.brokers, tenants)
        : embeddedState(tenants));
      try {
        const seen = await bothStarts(source, tenants, say);
        rows.push(...rowsOf(transport, seen, tenants));
        figures[transport] = seen;
      } finally {
        await source.remove();
      }
    }
    return { rows, figures };
  } finally {
    await servers.stop();
  }
}

interface BothStarts {
  /** With nothing saved. */
  readonly cold: Seen;
  /** With what the first one has saved, and nothing to reach but the service's own database. */
  readonly warm: Seen;
}

async function bothStarts(source: StateSource, tenants: number, say: Say): Promise<BothStarts> {
  const service = await watchedService(tenants);
  try {
    say('a new service starts');
    const cold = await service.run(source.transport);
    say('it starts again, and reaches neither broker nor control plane');
    return { cold, warm: await service.run(source.outOfReach) };
  } finally {
    await service.remove();
  }
}

function rowsOf(transport: string, { cold, warm }: BothStarts, tenants: number): Row[] {
  const memory = (what: string, { peakMib, heapMib }: Seen): Row => ({
    what: `${transport}: ${what}, peak memory`,
    value: `${rounded(peakMib)} MiB`,
    comparedWith: `${rounded(heapMib)} MiB heap afterwards`,
    target: `<= ${MEMORY_TARGET_MIB} MiB`,
    met: peakMib <= MEMORY_TARGET_MIB,
  });
  return [
    {
      what: `${transport}: ${tenants} tenants from the state channel`,
      value: `${rounded(cold.seconds)} s`,
      comparedWith: `${rounded(tenants / cold.seconds)} a second`,
      target: `<= ${TIME_TARGET_S} s`,
      met: cold.seconds <= TIME_TARGET_S,
    },
    memory('from the state channel', cold),
    { what: `${transport}: until the snapshot has them all`, value: `${rounded(cold.savedSeconds)} s` },
    {
      what: `${transport}: ${tenants} tenants from the snapshot, in an outage`,
      value: `${rounded(warm.seconds)} s`,
      target: `<= ${TIME_TARGET_S} s`,
      met: warm.seconds <= TIME_TARGET_S,
    },
    memory('from the snapshot', warm),
  ];
}
