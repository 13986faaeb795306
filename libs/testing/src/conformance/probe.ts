import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What a tenant is in the service itself, whatever the service says on its channel. */
export const PROBE_STATES = ['none', 'active', 'suspended', 'purged'] as const;
export type ProbeState = (typeof PROBE_STATES)[number];

export interface ProbeAnswer {
  readonly state: ProbeState;
  /** Anything that stays the same for as long as nothing is done for the tenant: counts of rows, times of the last change. */
  readonly fingerprint?: unknown;
}

export type Probe = (tenantId: string) => Promise<ProbeAnswer>;

const PATIENCE_MS = 10_000;

/** Asks an address in which `{tenantId}` stands for the tenant; the answer's body says the state. */
export function urlProbe(template: string): Probe {
  return async (tenantId) => {
    const url = template.replaceAll('{tenantId}', encodeURIComponent(tenantId));
    const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(`the probe answered ${answer.status}`);
    return probeAnswerOf(await answer.text());
  };
}

/** Runs a line of shell with the tenant as `$1` and as `TENANT_ID`; what it prints says the state. */
export function commandProbe(command: string): Probe {
  return async (tenantId) => {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command, 'probe', tenantId], {
      env: { ...process.env, TENANT_ID: tenantId },
      timeout: PATIENCE_MS,
    });
    return probeAnswerOf(stdout);
  };
}

/** Reads `active`, or `{"state": "active", "fingerprint": …}`. @throws Error for anything else. */
export function probeAnswerOf(text: string): ProbeAnswer {
  const trimmed = text.trim();
  const answer: unknown = trimmed.startsWith('{') ? JSON.parse(trimmed) : { state: trimmed };
  const { state, fingerprint } = answer as { state?: unknown; fingerprint?: unknown };
  const known = PROBE_STATES.find((one) => one === state);
  if (known === undefined)
    throw new Error(
      `the probe must say one of ${PROBE_STATES.join(', ')}; it said: ${trimmed.slice(0, 200)}`,
    );
  return { state: known, ...(fingerprint !== undefined && { fingerprint }) };
}
