import { Relay } from '@tenantry/messaging';
import { waitFor } from '@tenantry/testing';
import type { PoolClient } from 'pg';
import type { Say } from '../report.ts';
import { median, quantile } from '../statistics.ts';
import { newBacklog, quietPool, type Backlog } from './backlog.ts';
import { QUIET } from './kafka.ts';
import { timedPool, type Kind, type Timed } from './timed-pool.ts';

/** Few enough that the smallest backlog has them in each shard, so that both sizes have the same to read. */
const POINTERS_A_SHARD = 10;
const REPEATS = 200;
const SMALLEST = 1_000;
const TENANTS = 1_000;

type Measured = Extract<Kind, 'read' | 'claim'>;

interface Subject {
  readonly backlog: Backlog;
  readonly pending: number;
  readonly asked: Record<Measured, Timed>;
}

/** Of one statement with so much pending, in milliseconds. */
export interface ClaimCost {
  readonly pending: number;
  readonly clockP50: number;
  readonly clockP99: number;
  /** The server's own time and the pages it looked at, from EXPLAIN (ANALYZE, BUFFERS). */
  readonly executionMs: number;
  readonly pages: number;
}

/**
 * What looking for work and taking it costs, and taking shards, at each size of the backlog. Each size has a database of its own, and they
 * take turns, so that whatever else the machine does falls on all of them.
 */
export async function measureClaimCost(
  sizes: readonly number[],
  say: Say,
): Promise<Record<Measured, readonly ClaimCost[]>> {
  const subjects: Subject[] = [];
  for (const pending of sizes) {
    const backlog = await newBacklog(TENANTS);
    await backlog.fill(SMALLEST);
    if (pending > SMALLEST) await grow(backlog, pending);
    subjects.push({ backlog, pending, asked: await whatTheRelayAsks(backlog) });
    say(`has a database with ${pending} pending`);
  }
  const costs = { read: await costsOf('read', subjects), claim: await costsOf('claim', subjects) };
  for (const { backlog } of subjects) await backlog.drop();
  return costs;
}

/** A million events take long through the outbox: the first come that way, the others are copies of them. */
async function grow(backlog: Backlog, to: number): Promise<void> {
  const rounds = Math.ceil(to / SMALLEST);
  await backlog.admin.query(
    `WITH copy AS (
      INSERT INTO tenantry.tenant_event (event_id, tenant_id, tenant_seq, type, occurred_at, envelope)
      SELECT gen_random_uuid(), e.tenant_id, e.tenant_seq + round, e.type, e.occurred_at, e.envelope
      FROM generate_series(1, $1::int - 1) AS round CROSS JOIN tenantry.tenant_event e
      RETURNING event_id, tenant_id, tenant_seq, occurred_at
    )
    INSERT INTO tenantry.outbox_pending (event_id, tenant_id, tenant_seq, shard, topic, occurred_at)
    SELECT c.event_id, c.tenant_id, c.tenant_seq, t.shard, 'lifecycle', c.occurred_at
    FROM copy c JOIN (SELECT DISTINCT tenant_id, shard FROM tenantry.outbox_pending) t USING (tenant_id)
    ORDER BY c.tenant_seq`,
    [rounds],
  );
  await backlog.admin.query('VACUUM ANALYZE tenantry.tenant_event, tenantry.outbox_pending');
}

/** The statements of a relay that has just begun, with their parameters; it gets no further than to read. */
async function whatTheRelayAsks(backlog: Backlog): Promise<Record<Measured, Timed>> {
  const pool = quietPool(backlog.controlUrl, 5);
  const asked = new Map<Kind, Timed>();
  const never = Promise.withResolvers<never>();
  const relay = new Relay({
    pool: timedPool(pool, (timed) => {
      if (timed.rows > 0 && !asked.has(timed.kind)) asked.set(timed.kind, timed);
    }),
    logger: QUIET,
    batchSize: POINTERS_A_SHARD,
    listen: false,
    transport: { publish: () => never.promise },
  });
  relay.start();
  const both = await waitFor('the first batches', () => {
    const [read, claim] = [asked.get('read'), asked.get('claim')];
    return read && claim && { read, claim };
  });
  never.reject(new Error('It is only to read.'));
  await relay.stop();
  await pool.end();
  return both;
}

async function costsOf(kind: Measured, subjects: readonly Subject[]): Promise<ClaimCost[]> {
  const samples = subjects.map(() => ({ clock: [] as number[], plans: [] as Plan[] }));
  for (let n = 0; n < REPEATS; n++)
    for (const [index, { backlog, asked }] of subjects.entries()) {
      const { clock, plans } = samples[index] ?? { clock: [], plans: [] };
      clock.push(await timeOf(backlog, asked[kind]));
      if (n % 5 === 0) plans.push(...(await planOf(backlog, asked[kind])));
      // Taking shards writes rows, even though it is rolled back.
      await backlog.admin.query('VACUUM tenantry.relay_shard');
    }
  return samples.map(({ clock, plans }, index) => ({
    pending: subjects[index]?.pending ?? 0,
    clockP50: median(clock),
    clockP99: quantile(clock, 0.99),
    executionMs: median(plans.map((plan) => plan['Execution Time'])),
    pages: median(plans.map(({ Plan: top }) => top['Shared Hit Blocks'] + top['Shared Read Blocks'])),
  }));
}

async function timeOf(backlog: Backlog, { text, params }: Timed): Promise<number> {
  return rolledBack(backlog, async (client) => {
    const startedAt = performance.now();
    await client.query(text, params);
    return performance.now() - startedAt;
  });
}

async function planOf(backlog: Backlog, { text, params }: Timed): Promise<Plan[]> {
  return rolledBack(backlog, async (client) => {
    const { rows } = await client.query<{ 'QUERY PLAN': Plan[] }>(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
      params,
    );
    return rows[0]?.['QUERY PLAN'] ?? [];
  });
}

/** What it takes is given back. */
async function rolledBack<T>({ admin }: Backlog, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await admin.connect();
  await client.query('BEGIN');
  try {
    return await work(client);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

interface Plan {
  readonly 'Execution Time': number;
  readonly Plan: { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };
}
