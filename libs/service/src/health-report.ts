/** What a report says. Numbers and words only; no secrets, since nobody has to authenticate to read it. */
export interface HealthFinding {
  /** `degraded`: a person should look at it. */
  readonly status: 'ok' | 'degraded';
  readonly [detail: string]: string | number | boolean | null;
}

/**
 * Something that `/healthz` tells beside the checks, and that is no reason to take a process out of service: it changes neither
 * the status code of `/healthz` nor anything about `/readyz`.
 */
export interface HealthReport {
  /** Shown in the answer, e.g. `routes`. */
  readonly name: string;
  /** What rejects, or takes longer than two seconds, is reported as degraded without details. */
  read(): HealthFinding | Promise<HealthFinding>;
}

export const HEALTH_REPORTS = Symbol('HEALTH_REPORTS');

const READ_TIMEOUT_MS = 2000;

/** Reads all reports at once, by their names. */
export async function readReports(reports: readonly HealthReport[]): Promise<Record<string, HealthFinding>> {
  const findings = await Promise.all(reports.map(async (report) => [report.name, await finding(report)]));
  return Object.fromEntries(findings) as Record<string, HealthFinding>;
}

async function finding(report: HealthReport): Promise<HealthFinding> {
  const unknown: HealthFinding = { status: 'degraded', reason: 'it cannot be read' };
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<HealthFinding>((resolve) => {
    timer = setTimeout(() => resolve(unknown), READ_TIMEOUT_MS);
  });
  try {
    return await Promise.race([Promise.resolve(report.read()), timeout]);
  } catch {
    return unknown;
  } finally {
    clearTimeout(timer);
  }
}
