import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startChaosSystem, type ChaosSystem } from './chaos-system.ts';
import { comeToRest } from './come-to-rest.ts';
import { CRASH_POINTS } from './crash-points.ts';
import { Dice } from './dice.ts';
import { planFaults } from './fault-plan.ts';
import { FaultRunner, type FaultReport } from './fault-runner.ts';
import { judge } from './judge.ts';
import { Load } from './load.ts';
import type { Finding } from './reader/evidence.ts';
import { readEvidence } from './reader/read-evidence.ts';

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
    const { stuck, convergenceMs } = await comeToRest(databasesOf(system), say);
    const evidence = await readEvidence({
      ...databasesOf(system),
      kafkaBrokers: system.kafkaBrokers,
      topicPrefix: system.topicPrefix,
    });
    writeFileSync(path.join(workFolder, 'evidence.json'), JSON.stringify(evidence, mapsAsObjects));
    writeFileSync(path.join(workFolder, 'requests.json'), JSON.stringify(load.requests));
    const findings = [...stuck, ...judge(load.requests, evidence)];
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

function databasesOf({ adminUrls }: ChaosSystem) {
  return {
    controlPlaneUrl: adminUrls['control-plane'],
    dataPlaneUrl: adminUrls['data-plane'],
    verifierUrl: adminUrls.verifier,
  };
}

function mapsAsObjects(_key: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}
