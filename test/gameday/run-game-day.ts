import { waitFor } from '@tenantry/testing/servers';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { Billing } from './billing.ts';
import { startGameDaySystem } from './game-day-system.ts';
import { Load } from './load.ts';
import { play, type Outcome } from './play.ts';
import { Prometheus } from './prometheus.ts';
import { ROUNDS, type Scene } from './scenes/index.ts';
import { Stage, accepted } from './stage.ts';

export interface GameDayOptions {
  readonly buildRoot: string;
  /** Where data and logs go; made anew. */
  readonly folder: string;
  /** The shortened rules, file by file. */
  readonly rules: readonly object[];
  /** Queries of dashboards that must have shown something by the end. */
  readonly queries: readonly string[];
  /** Only the scenes with an alert of which this is a part of the name; all unless told. */
  readonly only?: string | undefined;
  readonly say: (line: string) => void;
  readonly onOutcome: (outcome: Outcome) => void;
}

export interface GameDayReport {
  readonly outcomes: readonly Outcome[];
  /** Of the queries, those that never showed anything. */
  readonly empty: readonly string[];
}

/** Soon overdue, so that nobody waits five minutes for it. */
const ACK_TIMEOUT = 'PT4S';

/** Plays every scene on a running system under a little load, with a real Prometheus watching. */
export async function runGameDay(options: GameDayOptions): Promise<GameDayReport> {
  const { buildRoot, folder, rules, queries, say } = options;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const ends: (() => Promise<unknown>)[] = [];
  try {
    say('starts PostgreSQL, Kafka and five processes');
    const system = await startGameDaySystem(buildRoot, folder);
    ends.push(() => system.stop());
    process.env['TEST_DATABASE_URL'] = system.serverUrl;
    const billing = await Billing.start(system);
    ends.push(() => billing.stop());
    const stage = new Stage(system, billing);
    ends.push(() => stage.stop());
    await declareSooner(stage);

    const { id } = await stage.active();
    stage.served = id;
    const load = new Load();
    ends.push(async () => load.stop());
    load.repeat(system.control, `/v1/tenants/${id}`);
    load.repeat(system.data.with({ 'tenantry-tenant': id }), '/v1/projects');

    const startedAt = new Date();
    const prometheus = await Prometheus.start({
      folder: path.join(folder, 'prometheus'),
      rules,
      targets: [...system.targets, billing.target],
      onLine: say,
    });
    ends.push(() => prometheus.stop());
    const rounds = ROUNDS.map((round) => round.filter((scene) => isWanted(scene, options.only)));
    say(`plays ${rounds.flat().length} scenes`);
    const outcomes = await play(rounds, stage, prometheus, options.onOutcome);
    const shown = await Promise.all(queries.map((query) => prometheus.seriesSince(query, startedAt)));
    return { outcomes, empty: queries.filter((_, n) => shown[n] === 0) };
  } finally {
    for (const end of ends.reverse())
      await end().catch((error: unknown) => say(`at the end: ${String(error)}`));
  }
}

async function declareSooner(stage: Stage): Promise<void> {
  const { control } = stage.system;
  const everything = ['provision', 'suspend', 'reactivate', 'purge'];
  const common = { required: true, ackTimeout: ACK_TIMEOUT };
  const reference = { ...common, capabilities: everything, stores: ['primary'] };
  accepted(await control.request('PUT', '/v1/participants/reference', { body: reference }));
  const verifier = { ...common, capabilities: ['verify'], stores: [] };
  accepted(await control.request('PUT', '/v1/participants/verifier', { body: verifier }));
  // It has registered itself and is asked for nothing, but the longest time that anybody may take counts.
  await waitFor('billing to have registered', async () => {
    const sql = `UPDATE tenantry.participant SET ack_timeout_ms = 4000 WHERE name = 'billing' RETURNING name`;
    return (await stage.rows('control-plane', sql)).length > 0;
  });
}

function isWanted({ alerts }: Scene, only: string | undefined): boolean {
  return only === undefined || alerts.some((alert) => alert.toLowerCase().includes(only.toLowerCase()));
}
