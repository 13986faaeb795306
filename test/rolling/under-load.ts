import { waitFor } from '@tenantry/testing/servers';
import { Client } from 'pg';
import { comeToRest } from '../chaos/come-to-rest.ts';
import { Dice } from '../chaos/dice.ts';
import { judge } from '../chaos/judge.ts';
import type { ProcessSlot } from '../chaos/process-slot.ts';
import type { Finding } from '../chaos/reader/evidence.ts';
import { readEvidence } from '../chaos/reader/read-evidence.ts';
import { Balancer } from './balancer.ts';
import { startFleet, type Fleet, type FleetOptions } from './fleet.ts';
import { SteadyLoad, type FailedRequest, type LoadRates } from './steady-load.ts';

/** How long an orderly end may take, in milliseconds. */
const LEAVE_MS = 40_000;

/** What is done to the processes while the load goes on. */
export type Upheaval = (fleet: RolledFleet) => Promise<void>;

export interface UnderLoadOptions extends FleetOptions {
  readonly seed: string;
  readonly rates: LoadRates;
  readonly say: (line: string) => void;
}

/** A fleet behind its balancers. */
export interface RolledFleet extends Pick<Fleet, 'slots' | 'migrate' | 'adminUrls'> {
  /** How long the load has run. */
  readonly elapsedMs: () => number;
  /**
   * Ends a process in an orderly way and waits until another one stands in its place, ready and in the balancer. The process that comes
   * runs from `file`, if one is given. With `withdrawFirst` the balancer is told before the process is, as orchestrators do.
   */
  restart(
    slot: ProcessSlot,
    options?: { readonly file?: string; readonly withdrawFirst?: boolean },
  ): Promise<void>;
}

/** What came of it. */
export interface UnderLoadReport {
  readonly requests: number;
  readonly failed: readonly FailedRequest[];
  readonly tookMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly tenants: number;
  readonly changes: number;
  readonly restarts: number;
  /** Processes that ended other than with status 0, or that nobody had ended. */
  readonly badEnds: readonly string[];
  readonly findings: readonly Finding[];
  readonly seconds: number;
  readonly longestLeaveMs: number;
}

/** Brings a fleet up, sends it a steady load while `upheaval` runs, lets it come to rest and counts what must not be. */
export async function underLoad(options: UnderLoadOptions, upheaval: Upheaval): Promise<UnderLoadReport> {
  const { seed, rates, say } = options;
  const fleet = await startFleet(options);
  const of = (role: string) => fleet.slots.filter(({ place }) => place.role === role).map(({ url }) => url);
  const balancers = { api: new Balancer(of('api')), 'data-plane': new Balancer(of('data-plane')) };
  const badEnds: string[] = [];
  let restarts = 0;
  /** How many failures have been told. */
  let told = 0;
  let longestLeaveMs = 0;
  try {
    const controlPlaneUrl = await balancers.api.start();
    const dataPlaneUrl = await balancers['data-plane'].start();
    const targets = { controlPlaneUrl, dataPlaneUrl, apiKey: fleet.apiKey, dataPlaneKey: fleet.dataPlaneKey };
    const balancerOf = ({ place: { role } }: ProcessSlot) =>
      role === 'api' || role === 'data-plane' ? balancers[role] : undefined;
    const inTurn = (slot: ProcessSlot) =>
      waitFor(`${slot.place.name} to be in its balancer`, () => balancerOf(slot)?.isReady(slot.url) ?? true);
    for (const slot of fleet.slots) await inTurn(slot);
    const load = new SteadyLoad(targets, rates, new Dice(seed));
    await load.start();
    const began = performance.now();
    const elapsedMs = () => performance.now() - began;
    await upheaval({
      slots: fleet.slots,
      migrate: fleet.migrate,
      adminUrls: fleet.adminUrls,
      elapsedMs,
      restart: async (slot, { file, withdrawFirst = false } = {}) => {
        const balancer = balancerOf(slot);
        if (withdrawFirst) balancer?.withdraw(slot.url, true);
        const leftAt = performance.now();
        const status = await slot.leave(file);
        const leaveMs = performance.now() - leftAt;
        longestLeaveMs = Math.max(longestLeaveMs, leaveMs);
        restarts += 1;
        if (status !== 0 || leaveMs > LEAVE_MS)
          badEnds.push(`${slot.place.name} ended with status ${status} after ${Math.round(leaveMs)} ms`);
        await slot.ready();
        balancer?.withdraw(slot.url, false);
        await inTurn(slot);
        for (const { what, answer } of load.failed.slice(told))
          say(`${what} failed: ${answer.slice(0, 150)}`);
        told = load.failed.length;
        say(
          `${slot.place.name} restarted in ${((performance.now() - leftAt) / 1000).toFixed(1)} s, ${load.failed.length} failed`,
        );
      },
    });
    const seconds = elapsedMs() / 1000;
    await load.finish();
    const sources = {
      controlPlaneUrl: fleet.adminUrls['control-plane'],
      dataPlaneUrl: fleet.adminUrls['data-plane'],
      verifierUrl: fleet.adminUrls.verifier,
    };
    const { stuck } = await comeToRest(sources, say);
    const evidence = await readEvidence({ ...sources, ...fleet });
    for (const slot of fleet.slots)
      if (slot.endedByItself > 0) badEnds.push(`${slot.place.name} ended by itself`);
    return {
      requests: load.tookMs.length + load.failed.length,
      failed: load.failed,
      tookMs: percentiles(load.tookMs),
      tenants: load.tenantsProvisioned,
      changes: load.changes.length,
      restarts,
      badEnds,
      findings: [
        ...stuck,
        ...judge(load.changes, evidence),
        ...(await judgeProjects(load.projects, sources.dataPlaneUrl)),
      ],
      seconds,
      longestLeaveMs,
    };
  } finally {
    await Promise.all(Object.values(balancers).map((balancer) => balancer.stop()));
    await fleet.stop();
  }
}

/** Every project that was answered for is there, and once. */
async function judgeProjects(
  answered: ReadonlyMap<string, readonly string[]>,
  dataPlaneUrl: string,
): Promise<Finding[]> {
  const client = new Client({ connectionString: dataPlaneUrl });
  await client.connect();
  try {
    const findings: Finding[] = [];
    for (const [tenant, names] of answered) {
      const { rows } = await client.query<{ name: string; times: number }>(
        'SELECT name, count(*)::int AS times FROM pooled_primary.project WHERE tenant_id = $1 GROUP BY name',
        [tenant],
      );
      const times = new Map(rows.map((row) => [row.name, row.times]));
      for (const name of names) if (!times.has(name)) findings.push({ count: 'lost', tenant, what: name });
      for (const [name, count] of times)
        if (count > 1) findings.push({ count: 'doubled', tenant, what: `${name}, ${count} times` });
    }
    return findings;
  } finally {
    await client.end();
  }
}

function percentiles(tookMs: readonly number[]): UnderLoadReport['tookMs'] {
  const sorted = [...tookMs].sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
