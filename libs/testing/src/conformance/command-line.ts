import { CAPABILITIES, ISOLATIONS, type Capability, type Isolation } from '@tenantry/contracts';
import { parseDurationMs } from '@tenantry/kernel';
import { readFile } from 'node:fs/promises';
import { parseArgs, parseEnv } from 'node:util';
import { ALL_CASES } from './cases/all-cases.js';
import { UnusableOptions, type ConformanceOptions } from './conformance-options.js';
import { commandProbe, urlProbe, type Probe } from './probe.js';

export const HELP = `Usage: tenantry-conformance --participant <name> (--kafka-brokers <host:port,…> | --embedded-url <url>) [options]

Plays the control plane for one participant: asks, repeats, reorders, is late, forgets, kills, and checks what is answered.

  --participant <name>      who is tested; also PARTICIPANT_NAME of the command
  --kafka-brokers <list>    drive it over Kafka; the command gets KAFKA_BROKERS and KAFKA_TOPIC_PREFIX
  --topic-prefix <prefix>   default: a new one for this run (without --command: tenantry-conformance)
  --embedded-url <url>      or over the embedded transport: an administrator's URL of a scratch database; the command gets
                            EMBEDDED_TRANSPORT_URL
  --command <line>          starts the participant; without it the participant has to run already, and nothing is killed
  --env-file <file>         further variables for the command
  --probe <line>            says what a tenant ($1) is in the service: active, suspended, purged or none
  --probe-url <url>         the same over HTTP; {tenantId} stands for the tenant
  --isolation <list>        pooled, schema, database (default: pooled)
  --stores <list>           default: those of its heartbeat
  --capabilities <list>     default: those of its heartbeat
  --timeout <duration>      for one undisturbed answer (default PT10S)
  --recovery <duration>     for what a kill interrupted (default PT60S)
  --kills <n>               kills in the middle of its work (default 3)
  --seed <n>                repeats the delays and orders of an earlier run
  --cases <list>            these alone
  --allow-not-run           exit 0 although cases could not be run for want of --command
  --allow-foreign-tenants   run beside tenants that this kit did not make; never where a control plane lives
  --json, --junit <file>    the report for machines
  --verbose                 show what the participant writes
  --list                    the cases
  --help

Exit status: 0 when every case that must pass has passed, 1 when not, 2 when the options cannot be meant.`;

export interface CommandLine {
  /** What to print instead of running. */
  readonly instead?: 'help' | 'cases';
  readonly json: boolean;
  readonly junit?: string | undefined;
  readonly verbose: boolean;
  readonly options: ConformanceOptions;
}

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean', default: false } as const;

/** @throws UnusableOptions */
export async function commandLine(args: readonly string[]): Promise<CommandLine> {
  const values = parsed(args);
  const { json, junit, verbose } = values;
  const timeoutMs = duration('timeout', values.timeout);
  const options: ConformanceOptions = {
    participant: values.participant ?? '',
    kafkaBrokers: values['kafka-brokers'],
    topicPrefix: values['topic-prefix'],
    embeddedUrl: values['embedded-url'],
    command: values.command,
    env: await environmentOf(values['env-file']),
    isolations: list<Isolation>('isolation', values.isolation, ISOLATIONS),
    stores: list('stores', values.stores),
    capabilities: list<Capability>('capabilities', values.capabilities, CAPABILITIES),
    probe: probeOf(values.probe, values['probe-url']),
    timeoutMs,
    recoveryMs: duration('recovery', values.recovery),
    kills: number('kills', values.kills),
    seed: number('seed', values.seed),
    cases: list('cases', values.cases),
    allowNotRun: values['allow-not-run'],
    allowForeignTenants: values['allow-foreign-tenants'],
  };
  const instead = values.help ? 'help' : values.list ? 'cases' : undefined;
  return { ...(instead && { instead }), json, junit, verbose, options };
}

/** Each case with what it expects and where that is said. */
export function listOfCases(): string {
  return ALL_CASES.map(({ id, expects, said }) => `${id}\n    ${expects}\n    (${said})`).join('\n');
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        participant: TEXT,
        'kafka-brokers': TEXT,
        'topic-prefix': TEXT,
        'embedded-url': TEXT,
        command: TEXT,
        'env-file': TEXT,
        probe: TEXT,
        'probe-url': TEXT,
        isolation: TEXT,
        stores: TEXT,
        capabilities: TEXT,
        timeout: TEXT,
        recovery: TEXT,
        kills: TEXT,
        seed: TEXT,
        cases: TEXT,
        junit: TEXT,
        'allow-not-run': FLAG,
        'allow-foreign-tenants': FLAG,
        json: FLAG,
        verbose: FLAG,
        list: FLAG,
        help: FLAG,
      },
    }).values;
  } catch (error) {
    throw new UnusableOptions(`${(error as Error).message} (see --help)`);
  }
}

function duration(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDurationMs(text);
  if (!ms) throw new UnusableOptions(`--${name} must be an ISO 8601 duration such as PT10S`);
  return ms;
}

function number(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new UnusableOptions(`--${name} must be a whole number`);
  return Number(text);
}

function list<T extends string = string>(
  name: string,
  text: string | undefined,
  known?: readonly T[],
): T[] | undefined {
  if (text === undefined) return undefined;
  const parts = text.split(',').map((part) => part.trim()) as T[];
  const strange = parts.filter((part) => part === '' || (known && !known.includes(part)));
  if (strange.length > 0)
    throw new UnusableOptions(
      `--${name} names ${JSON.stringify(strange[0])}${known ? `; it may name ${known.join(', ')}` : ''}`,
    );
  return parts;
}

async function environmentOf(file: string | undefined): Promise<Record<string, string> | undefined> {
  if (file === undefined) return undefined;
  try {
    const found = parseEnv(await readFile(file, 'utf8'));
    return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, value ?? '']));
  } catch (error) {
    throw new UnusableOptions(`--env-file cannot be read: ${(error as Error).message}`);
  }
}

function probeOf(command: string | undefined, url: string | undefined): Probe | undefined {
  if (command !== undefined && url !== undefined)
    throw new UnusableOptions('give either --probe or --probe-url');
  if (url !== undefined && !url.includes('{tenantId}'))
    throw new UnusableOptions('--probe-url must hold {tenantId} where the tenant is to stand');
  if (command !== undefined) return commandProbe(command);
  return url === undefined ? undefined : urlProbe(url);
}
