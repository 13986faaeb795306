import { setTimeout as delay } from 'node:timers/promises';
import type { Finding } from './reader/evidence.ts';
import { unsettled, type UnsettledSources } from './reader/unsettled.ts';

/** How long the system has to come to rest after the last fault. */
export const CONVERGENCE_MS = 60_000;
/** How long is looked on after that, to tell late from stuck. */
const LOOK_ON_MS = 120_000;
const POLL_MS = 250;

/** Waits until nothing is under way; what is after a minute is stuck, and what resolves itself later is told apart. */
export async function comeToRest(
  sources: UnsettledSources,
  say: (line: string) => void,
): Promise<{ stuck: Finding[]; convergenceMs: number }> {
  const began = performance.now();
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

function findings(stuck: ReadonlyMap<string, string>, forHowLong = 'for more than a minute'): Finding[] {
  return [...stuck].map(([tenant, why]) => ({ count: 'stuck', tenant, what: `${forHowLong}: ${why}` }));
}
