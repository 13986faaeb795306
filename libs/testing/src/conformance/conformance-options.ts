import { CAPABILITIES, isParticipantName, type Capability, type Isolation } from '@tenantry/contracts';
import { randomInt } from 'node:crypto';
import type { Probe } from './probe.js';

/** What a participant offers unless it is said otherwise: everything but `verify`, which stands alone. */
export const USUAL_CAPABILITIES: readonly Capability[] = CAPABILITIES.filter((one) => one !== 'verify');

export interface ConformanceOptions {
  /** The participant's name. */
  readonly participant: string;
  /** `host:port,…`: the participant is driven over Kafka. Exactly one of this and `embeddedUrl`. */
  readonly kafkaBrokers?: string | undefined;
  /** What the names of topics and groups begin with. Default: a new one, removed afterwards; without a command `tenantry-conformance`. */
  readonly topicPrefix?: string | undefined;
  /** An administrator's URL of a scratch database, in which the embedded transport is installed. */
  readonly embeddedUrl?: string | undefined;
  /** How the participant is started, a line for the shell. Without it, it is expected to run already, and nothing is killed. */
  readonly command?: string | undefined;
  /** Where the command is run. Default: here. */
  readonly cwd?: string | undefined;
  /** Further variables of the participant, beside those of this process and the transport's. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** What tenants are provisioned with. Default: `pooled`. */
  readonly isolations?: readonly Isolation[] | undefined;
  /** Default: what its heartbeat names. */
  readonly stores?: readonly string[] | undefined;
  /** Default: what its heartbeat names. */
  readonly capabilities?: readonly Capability[] | undefined;
  /** Says what a tenant is in the service; without it acknowledgements alone are checked. */
  readonly probe?: Probe | undefined;
  /** How long an undisturbed participant may take for one answer, in milliseconds. Default 10 000. */
  readonly timeoutMs?: number | undefined;
  /** How long it may take to finish what a kill interrupted. Default 60 000. */
  readonly recoveryMs?: number | undefined;
  /** How long nothing must be heard before "it did not answer" is believed. Default 1 000. */
  readonly quietMs?: number | undefined;
  /** How long it may take from its start to its first heartbeat. Default 60 000. */
  readonly startMs?: number | undefined;
  /** How often it is killed in the middle of its work. Default 3. */
  readonly kills?: number | undefined;
  /** How many tenants are asked for at once. Default 50. */
  readonly burst?: number | undefined;
  /** Repeats the delays and orders of an earlier run. Default: a new one. */
  readonly seed?: number | undefined;
  /** The ids of the cases to run. Default: all. */
  readonly cases?: readonly string[] | undefined;
  /** Whether cases that could not be run for want of a command leave the report good. Default false. */
  readonly allowNotRun?: boolean | undefined;
  /** Whether to run beside tenants that this kit did not make. Default false. */
  readonly allowForeignTenants?: boolean | undefined;
  /** Gets every line that the participant writes. */
  readonly onOutput?: ((line: string) => void) | undefined;
  /** Gets what a person who waits should know: how to start the participant, which case is over. */
  readonly onProgress?: ((line: string) => void) | undefined;
}

/** The options with every default in place, but for what the first heartbeat tells. */
export type Settings = Omit<ConformanceOptions, Defaulted> & {
  readonly [K in Defaulted]: NonNullable<ConformanceOptions[K]>;
};

type Defaulted = keyof typeof DEFAULTS | 'seed';

const DEFAULTS = {
  isolations: ['pooled'],
  timeoutMs: 10_000,
  recoveryMs: 60_000,
  quietMs: 1_000,
  startMs: 60_000,
  kills: 3,
  burst: 50,
  allowNotRun: false,
  allowForeignTenants: false,
  env: {},
  onOutput: () => undefined,
  onProgress: () => undefined,
} as const satisfies Partial<ConformanceOptions>;

/** The options cannot be meant. */
export class UnusableOptions extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnusableOptions';
  }
}

/** @throws UnusableOptions */
export function settingsOf(options: ConformanceOptions): Settings {
  if (!isParticipantName(options.participant))
    throw new UnusableOptions(
      `not a participant's name: "${options.participant}" (lower-case letters, digits and dashes, at most 40)`,
    );
  if ((options.kafkaBrokers === undefined) === (options.embeddedUrl === undefined))
    throw new UnusableOptions(
      'give either Kafka brokers or the URL of a database for the embedded transport',
    );
  if (options.topicPrefix !== undefined && options.embeddedUrl !== undefined)
    throw new UnusableOptions('a topic prefix is for Kafka');
  if (options.embeddedUrl !== undefined && !URL.canParse(options.embeddedUrl))
    throw new UnusableOptions('the database for the embedded transport is not a URL (postgres://…)');
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { ...options, ...DEFAULTS, seed: randomInt(2 ** 31), ...(given as Partial<Settings>) };
}
