import type { TenantTransaction } from '@tenantry/data-plane-kit';
import { newId } from '@tenantry/kernel';
import { waitFor } from '@tenantry/testing';
import type { StagedTenant } from '@tenantry/testing/isolation';
import { escapeIdentifier, type Pool } from 'pg';
import type { SoakPlaces } from './soak-places.ts';

/** What one request may come upon that must not be. */
export interface Sightings {
  crossed(rows: number): void;
  leaked(what: string): void;
  unexpected(what: string): void;
}

interface Request {
  readonly tenant: StagedTenant;
  readonly places: SoakPlaces;
  /** A superuser's, directly. */
  readonly admin: Pool;
  readonly seen: Sightings;
}

const NOTES = 'SELECT tenant_id, text FROM note';
/** In rows that nobody commits. */
export const NEVER = 'never to be seen';
class Thrown extends Error {}

/** Counts rows of other tenants, and rows that were never committed. */
function judge({ tenant, seen }: Request, rows: readonly { tenant_id?: string; text?: string }[]): void {
  const foreign = rows.filter(({ tenant_id: owner, text }) => owner !== tenant.id || text === NEVER).length;
  if (foreign > 0) seen.crossed(foreign);
}

async function read(request: Request): Promise<void> {
  judge(request, await request.places.tenants.query(request.tenant.id, { text: NOTES }));
}

async function work(request: Request): Promise<void> {
  const { places, tenant } = request;
  await places.tenants.run(tenant.id, async (tx) => {
    const id = newId();
    await tx.query('INSERT INTO note (tenant_id, id, text) VALUES ($1, $2, $3)', [tenant.id, id, 'mine']);
    judge(request, await tx.query(NOTES));
    await tx.query('DELETE FROM note WHERE id = $1', [id]);
  });
}

async function throwing(request: Request): Promise<void> {
  await ends(
    request,
    'a handler that throws',
    (error) => error instanceof Thrown,
    async (tx) => {
      await write(request, tx);
      throw new Thrown('as handlers do');
    },
  );
}

async function swallowing(request: Request): Promise<void> {
  const isAborted = (error: unknown): boolean => codeOf(error) === 'transaction-aborted';
  await ends(request, 'a swallowed error', isAborted, async (tx) => {
    await write(request, tx);
    await tx.query('SELECT 1 / 0').catch(() => undefined);
  });
}

async function cancelled(request: Request): Promise<void> {
  await ends(
    request,
    'a cancelled query',
    (error) => codeOf(error) === '57014',
    async (tx) => {
      const pid = await backendOf(tx);
      await write(request, tx);
      const asleep = tx.query('SELECT pg_sleep(60)');
      let over = false;
      asleep.catch(() => (over = true));
      // More than once, since a server that is between two messages of a statement lets a cancellation pass.
      await waitFor('the query to be cancelled', async () => {
        await request.admin.query(
          `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND state = 'active' AND query LIKE '%pg_sleep%'`,
          [pid],
        );
        return over;
      });
      await asleep;
    },
  );
}

async function killed(request: Request): Promise<void> {
  await ends(
    request,
    'a killed backend',
    () => true,
    async (tx) => {
      const pid = await backendOf(tx);
      await write(request, tx);
      await request.admin.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
      await tx.query('SELECT 1');
      throw new Error('the killed backend answered');
    },
  );
}

/** Asks on a connection that others had before, without a context. */
async function outside({ tenant, places, seen }: Request): Promise<void> {
  await places.outside(tenant, async (ask) => {
    const [row] = await ask<{ left: string }>(
      `SELECT concat(current_setting('tenantry.tenant', true), current_setting('tenantry.ctx', true), nullif(current_user, session_user)) AS left`,
    );
    if (row?.left !== '') seen.leaked(`a context was left: ${row?.left}`);
    const code = await ask(`SELECT tenant_id FROM ${escapeIdentifier(tenant.schema)}.note`).then(
      (rows) => `${rows.length} rows`,
      (error: unknown) => codeOf(error),
    );
    if (code !== 'TN002' && code !== '42501') seen.leaked(`without a context: ${code}`);
  });
}

/** What requests there are, each as often as it stands here. */
export const REQUESTS: readonly ((request: Request) => Promise<void>)[] = [
  ...[read, read, read, read, read, read],
  ...[work, work, work],
  ...[outside, outside],
  throwing,
  swallowing,
  cancelled,
  killed,
];

async function ends(
  { tenant, places, seen }: Request,
  what: string,
  isExpected: (error: unknown) => boolean,
  handler: (tx: TenantTransaction) => Promise<void>,
): Promise<void> {
  const error = await places.tenants.run(tenant.id, handler).then(
    () => new Error('it ended well'),
    (reason: unknown) => reason,
  );
  if (!isExpected(error)) seen.unexpected(`${what}: ${String(error)}`);
}

async function write({ tenant }: Request, tx: TenantTransaction): Promise<void> {
  await tx.query('INSERT INTO note (tenant_id, id, text) VALUES ($1, $2, $3)', [tenant.id, newId(), NEVER]);
}

async function backendOf(tx: TenantTransaction): Promise<number> {
  const [row] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return Number(row?.pid);
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? error);
}
