import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startChaosSystem, type ChaosSystem } from './chaos-system.ts';
import { CRASH_POINTS } from './crash-points.ts';
import { Dice } from './dice.ts';
import { planFaults } from './fault-plan.ts';
import { FaultRunner, type FaultReport } from './fault-runner.ts';
import { judgeAnnouncements } from './judges/announcements.ts';
import { judgeDelivery } from './judges/delivery.ts';
import { judgeEffects } from './judges/effects.ts';
import { judgeHistory } from './judges/history.ts';
import { judgeRequests } from './judges/requests.ts';
import { Load } from './load.ts';
import type { Evidence, Finding } from './reader/evidence.ts';
import { readEvidence } from './reader/read-evidence.ts';
import { unsettled } from './reader/unsettled.ts';

/** How long the system has to come to rest after the last fault. */
export const CONVERGENCE_MS = 60_000;
/** How long is looked on after that, to tell late from stuck. */
const LOOK_ON_MS = 120_000;
const POLL_MS = 250;

export interface ChaosOptions {
  readonly seed: string;
  readonly kills: number;
  readonly transport: 'kafka' | 'embedded';
  /** After so many minutes no further fault begins. */
  readonly minutes: number;
  readonly users: number;
  readonly buildRoot: string;
  /** Points at which somebody is paused besides those that the seed chooses. */
  readonly pausedAt?: readonly string[];
  readonly workFolder: string;
  readonly say: (line: string) => void;
}

export interface ChaosReport {
  readonly seed: string;
  readonly transport: string;
  readonly faults: FaultReport;
  readonly findings: readonly Finding[];
  readonly tenants: number;
  readonly requests: number;
  readonly operations: number;
  readonly events: number;
  /** How many named steps there are, by role. */
  readonly crashPoints: number;
  readonly endedByItself: number;
  readonly convergenceMs: number;
  readonly durationMs: number;
}

/** One run: everything up, load and faults at the same time, then rest, then judgement. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, kills, transport, minutes, users, buildRoot, pausedAt = [], workFolder, say } = options;
  const began = performance.now();
  const dice = new Dice(seed);
  const plan = planFaults({ kills, kafka: transport === 'kafka', pausedAt, dice: dice.fork('faults') });
  mkdirSync(workFolder, { recursive: true });
  writeFileSync(path.join(workFolder, 'plan.json'), JSON.stringify(plan, undefined, 1));
  say(`starting the system, logs in ${workFolder}`);
  const system = await startChaosSystem({ kafka: transport === 'kafka', buildRoot, logFolder: workFolder });
  try {
    const load = new Load({ url: system.apiUrl, key: system.apiKey }, dice.fork('load'));
    load.start(users);
    const faults = await new FaultRunner(system, say).run(plan, began + minutes * 60_000);
    system.healLinks();
    await load.finish();
    say('the faults are over');
    const { stuck, convergenceMs } = await comeToRest(system, say);
    const evidence = await readEvidence({
      ...databasesOf(system),
      kafkaBrokers: system.kafkaBrokers,
      topicPrefix: system.topicPrefix,
    });
    writeFileSync(path.join(workFolder, 'evidence.json'), JSON.stringify(evidence, mapsAsObjects));
    writeFileSync(path.join(workFolder, 'requests.json'), JSON.stringify(load.requests));
    const findings = [...stuck, ...judge(load, evidence)];
    return {
      seed,
      transport,
      faults,
      findings,
      tenants: evidence.tenants.length,
      requests: load.requests.length,
      operations: evidence.operations.length,
      events: evidence.events.length,
      crashPoints: Object.values(CRASH_POINTS).flat().length,
      endedByItself: system.slots.reduce((sum, slot) => sum + slot.endedByItself, 0),
      convergenceMs,
      durationMs: performance.now() - began,
    };
  } finally {
    await system.stop();
  }
}

function judge({ requests }: Load, evidence: Evidence): Finding[] {
  return [
    ...judgeRequests(requests, evidence),
    ...judgeHistory(evidence),
    ...judgeDelivery(evidence),
    ...judgeEffects(evidence),
    ...judgeAnnouncements(evidence),
  ];
}

/** Waits until nothing is under way; what is after a minute is stuck, and what resolves itself later is told apart. */
async function comeToRest(
  system: ChaosSystem,
  say: (line: string) => void,
): Promise<{ stuck: Finding[]; convergenceMs: number }> {
  const began = performance.now();
  const sources = databasesOf(system);
  const stuck = new Map<string, string>();
  for (;;) {
    const reasons = await unsettled(sources);
    const tookMs = performance.now() - began;
    if (reasons.size === 0) {
      say(`at rest after ${(tookMs / 1000).toFixed(1)} s`);
      return { stuck: findings(stuck), convergenceMs: tookMs };
    }
    if (tookMs > CONVERGENCE_MS && stuck.size === 0) {
      for (const [tenant, why] of reasons) stuck.set(tenant, why);
      say(`not at rest after ${CONVERGENCE_MS / 1000} s: ${[...stuck.values()].join('; ')}`);
    }
    if (tookMs > CONVERGENCE_MS + LOOK_ON_MS)
      return { stuck: findings(stuck, 'for good'), convergenceMs: tookMs };
    await delay(POLL_MS);
  }
}

function databasesOf({ adminUrls }: ChaosSystem) {
  return {
    controlPlaneUrl: adminUrls['control-plane'],
    dataPlaneUrl: adminUrls['data-plane'],
    verifierUrl: adminUrls.verifier,
  };
}

function findings(stuck: ReadonlyMap<string, string>, forHowLong = 'for more than a minute'): Finding[] {
  return [...stuck].map(([tenant, why]) => ({ count: 'stuck', tenant, what: `${forHowLong}: ${why}` }));
}

function mapsAsObjects(_key: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}
