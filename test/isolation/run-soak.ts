import { PoolTimeout } from '@tenantry/data-plane-kit';
import type { IsolationStage } from '@tenantry/testing/isolation';
import { waitFor } from '@tenantry/testing';
import type { PgBouncer } from '@tenantry/testing/servers';
import { Pool } from 'pg';
import { SoakPlaces } from './soak-places.ts';
import { NEVER, REQUESTS } from './soak-requests.ts';

export interface SoakOptions {
  readonly durationMs: number;
  /** Requests at the same time. Default: 200. */
  readonly concurrency?: number;
}

export interface SoakReport {
  readonly requests: Readonly<Record<string, number>>;
  /** Rows of another tenant, or never committed, that a request has seen or that are there at the end. */
  readonly crossed: number;
  /** Connections on which something of an earlier request was left. */
  readonly leaked: number;
  /** Pools that did not get their connections back, or could not serve any more. */
  readonly exhausted: number;
  /** What is wrong, in words; the first hundred. Empty: all is well. */
  readonly findings: readonly string[];
}

const FINDINGS_MAX = 100;

/**
 * Serves the tenants of a stage through a pooler in transaction mode, with handlers that throw, queries that are cancelled and backends that
 * are killed among the requests, and counts what must not be.
 */
export async function runSoak(
  stage: IsolationStage,
  bouncer: PgBouncer,
  { durationMs, concurrency = 200 }: SoakOptions,
): Promise<SoakReport> {
  const places = new SoakPlaces(stage, (url) => bouncer.through(url));
  const admin = new Pool({ connectionString: stage.database.adminUrl, max: 8 });
  const findings: string[] = [];
  const counts = { crossed: 0, leaked: 0, exhausted: 0 };
  const requests: Record<string, number> = {};
  const found = (what: string): void => void (findings.length < FINDINGS_MAX && findings.push(what));
  const seen = {
    crossed: (rows: number) => {
      counts.crossed += rows;
      found(`${rows} rows of another tenant, or never committed, were seen`);
    },
    leaked: (what: string) => {
      counts.leaked += 1;
      found(what);
    },
    unexpected: found,
  };
  const exhausted = (what: string): void => {
    counts.exhausted += 1;
    found(what);
  };
  const until = performance.now() + durationMs;
  let turn = 0;
  const user = async (): Promise<void> => {
    while (performance.now() < until) {
      turn += 1;
      const tenant = stage.tenants[turn % stage.tenants.length];
      const request = REQUESTS[Math.floor(turn / stage.tenants.length) % REQUESTS.length];
      if (!tenant || !request) throw new Error('there is nobody to serve');
      requests[request.name] = (requests[request.name] ?? 0) + 1;
      await request({ tenant, places, admin, seen }).catch((error: unknown) => {
        const what = `${request.name}: ${String(error)}`;
        if (error instanceof PoolTimeout) exhausted(what);
        else found(what);
      });
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, user));
    for (const tenant of stage.tenants) {
      const rows = await places.tenants.query<{ text: string }>(tenant.id, { text: 'SELECT text FROM note' });
      const kept = rows.filter(({ text }) => text === NEVER).length;
      if (kept > 0) seen.crossed(kept);
    }
  } finally {
    if (!(await places.close())) exhausted('not every connection was given back');
    await admin.end();
  }
  await waitFor('the pooler to have its connections back', async () =>
    (await bouncer.pools()).every(
      ({ sv_active: active, cl_waiting: waiting }) => active === 0 && waiting === 0,
    ),
  ).catch((error: unknown) => exhausted(String(error)));
  return { requests, ...counts, findings };
}
