import type { KafkaAccess } from '@tenantry/messaging';
import { ConfigError, KAFKA_VARIABLES, kafkaSettings, readConfig } from '@tenantry/service';
import { randomBytes } from 'node:crypto';
import { ALL_CASES } from './cases/all-cases.js';
import type { ConformanceCase } from './conformance-case.js';
import {
  settingsOf,
  UnusableOptions,
  USUAL_CAPABILITIES,
  type ConformanceOptions,
  type Settings,
} from './conformance-options.js';
import { runCases } from './case-runner.js';
import { EmbeddedWire } from './embedded-wire.js';
import { KafkaWire } from './kafka-wire.js';
import { ParticipantProcess } from './participant-process.js';
import { countsOf, type CaseResult, type ConformanceReport } from './report.js';
import type { Setting } from './stage.js';
import { Transcript } from './transcript.js';
import type { Wire } from './wire.js';

const END_PATIENCE_MS = 30_000;
const DEATH_POLL_MS = 250;
/** Where a participant that runs already can be told to look. */
const WELL_KNOWN_PREFIX = 'tenantry-conformance';

/**
 * Plays the control plane for one participant, case by case.
 *
 * @param onResult gets each result as soon as it is there.
 * @throws UnusableOptions; ForeignTenants before anything was sent; Error when transport or command cannot be used at all.
 */
export async function runConformance(
  options: ConformanceOptions,
  onResult: (result: CaseResult) => void = () => undefined,
): Promise<ConformanceReport> {
  const settings = settingsOf(options);
  const cases = selectedCases(settings.cases);
  const startedAt = performance.now();
  const wire = wireOf(settings);
  const transcript = new Transcript(settings.participant);
  const process = processOf(settings, wire);
  const results: CaseResult[] = [];
  try {
    await wire.open((heard) => transcript.hear(heard));
    const start = starter(settings, wire, transcript, process);
    await start();
    const seen = transcript.heartbeats.find(({ problems }) => problems.length === 0)?.data;
    const setting: Setting = {
      settings,
      wire,
      transcript,
      process,
      start,
      capabilities: settings.capabilities ?? seen?.capabilities ?? USUAL_CAPABILITIES,
      stores: settings.stores ?? seen?.stores ?? ['primary'],
    };
    await runCases(cases, setting, (result) => {
      results.push(result);
      onResult(result);
    });
  } finally {
    await process?.terminate(END_PATIENCE_MS);
    await wire
      .close()
      .catch((error: Error) => settings.onProgress(`Not everything was removed: ${error.message}`));
  }
  const order = cases.map(({ id }) => id);
  results.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
  const counts = countsOf(results);
  return {
    participant: settings.participant,
    transport: wire.transport,
    seed: settings.seed,
    probed: settings.probe !== undefined,
    results,
    counts,
    ok: counts.failed === 0 && counts.passed > 0 && (settings.allowNotRun || counts['not-run'] === 0),
    durationMs: performance.now() - startedAt,
  };
}

/** @throws UnusableOptions for an id that no case has. */
export function selectedCases(ids: readonly string[] | undefined): readonly ConformanceCase[] {
  const unknown = ids?.filter((id) => !ALL_CASES.some((one) => one.id === id)) ?? [];
  if (unknown.length > 0) throw new UnusableOptions(`no such case: ${unknown.join(', ')} (see --list)`);
  return ids ? ALL_CASES.filter(({ id }) => ids.includes(id)) : ALL_CASES;
}

function wireOf(settings: Settings): Wire {
  const { participant, kafkaBrokers, embeddedUrl, topicPrefix, command, allowForeignTenants } = settings;
  if (embeddedUrl !== undefined)
    return new EmbeddedWire({ adminUrl: embeddedUrl, participant, allowForeignTenants });
  const ownPrefix =
    command === undefined ? WELL_KNOWN_PREFIX : `${WELL_KNOWN_PREFIX}-${randomBytes(4).toString('hex')}`;
  return new KafkaWire({
    ...credentials(),
    brokers: kafkaBrokers ?? '',
    participant,
    allowForeignTenants,
    topicPrefix: topicPrefix ?? ownPrefix,
    removeTopics: topicPrefix === undefined && command !== undefined,
  });
}

/** From the environment, where the participant finds the same. */
function credentials(): Pick<KafkaAccess, 'tls' | 'sasl'> {
  try {
    const { tls, sasl } =
      kafkaSettings(readConfig(KAFKA_VARIABLES, { ...process.env, KAFKA_BROKERS: 'given' })) ?? {};
    return { ...(tls && { tls }), ...(sasl && { sasl }) };
  } catch (error) {
    if (error instanceof ConfigError) throw new UnusableOptions(error.message);
    throw error;
  }
}

function processOf(settings: Settings, wire: Wire): ParticipantProcess | undefined {
  const { command, cwd, env, participant, onOutput } = settings;
  if (command === undefined) return undefined;
  return new ParticipantProcess({
    command,
    cwd,
    env: { PARTICIPANT_NAME: participant, ...env, ...wire.environment },
    onLine: onOutput,
  });
}

/** Starts the participant and waits for its sign of life; one that never gave any is not waited for a second time. */
function starter(
  settings: Settings,
  wire: Wire,
  transcript: Transcript,
  process: ParticipantProcess | undefined,
): () => Promise<void> {
  let waits = true;
  return async () => {
    const heard = transcript.heartbeats.length;
    if (process) await process.start();
    else settings.onProgress(howToStart(wire));
    if (!waits) return;
    const deaths = process?.endedByItself.length ?? 0;
    const deadline = performance.now() + settings.startMs;
    let alive: true | undefined;
    while (!alive && performance.now() < deadline) {
      alive = await transcript.until(() => transcript.heartbeats.length > heard || undefined, DEATH_POLL_MS);
      const death = process?.endedByItself[deaths];
      if (!alive && death !== undefined) throw new Error(`the participant could not be started: ${death}`);
    }
    waits = alive === true;
    if (!alive)
      settings.onProgress(`No heartbeat within ${settings.startMs} ms; going on without a sign of life.`);
  };
}

function howToStart(wire: Wire): string {
  const variables = Object.entries(wire.environment).map(([name, value]) => `${name}=${value}`);
  return `Waiting for the participant. It has to run with: ${variables.join(' ')}`;
}
