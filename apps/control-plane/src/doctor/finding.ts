/** What a finding is about, in the order in which they are told. */
export const AREAS = ['configuration', 'database', 'kafka', 'keys', 'participants'] as const;
export type Area = (typeof AREAS)[number];

/**
 * - `ok`: as it has to be.
 * - `warn`: it works, and somebody should look.
 * - `fail`: it does not work, or will not.
 * - `not-checked`: it could not be told; `found` says why.
 */
export const FINDING_STATUSES = ['ok', 'warn', 'fail', 'not-checked'] as const;
export type FindingStatus = (typeof FINDING_STATUSES)[number];

/** One thing that was looked at. */
export interface Finding {
  readonly area: Area;
  /** Which of the area's, e.g. `version`; stable. */
  readonly check: string;
  readonly status: FindingStatus;
  /** What was found, in words; no secrets. */
  readonly found: string;
  /** What to do about it; there for everything that is neither `ok` nor merely untold. */
  readonly fix?: string;
}

/** The worst of all: what was not checked is no failure. */
export function overallStatus(findings: readonly Finding[]): 'ok' | 'warn' | 'fail' {
  if (findings.some(({ status }) => status === 'fail')) return 'fail';
  return findings.some(({ status }) => status === 'warn') ? 'warn' : 'ok';
}

/** Makes the findings of an area. */
export function findingsOf(area: Area) {
  return {
    ok: (check: string, found: string): Finding => ({ area, check, status: 'ok', found }),
    warn: (check: string, found: string, fix: string): Finding => ({
      area,
      check,
      status: 'warn',
      found,
      fix,
    }),
    fail: (check: string, found: string, fix: string): Finding => ({
      area,
      check,
      status: 'fail',
      found,
      fix,
    }),
    untold: (check: string, found: string): Finding => ({ area, check, status: 'not-checked', found }),
  };
}

const PATIENCE_MS = 15_000;

/** Looks, for a while; what goes wrong or takes too long is a finding, too, and keeps no other from being made. */
export async function attempt(
  area: Area,
  check: string,
  look: () => Promise<Finding | readonly Finding[]>,
): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  });
  try {
    const found = await Promise.race([look(), late]);
    return Array.isArray(found) ? (found as readonly Finding[]) : [found as Finding];
  } catch (error) {
    const why = error instanceof Error ? error.message || error.name : String(error);
    return [{ area, check, status: 'not-checked', found: `it could not be told: ${why}` }];
  } finally {
    clearTimeout(timer);
  }
}
