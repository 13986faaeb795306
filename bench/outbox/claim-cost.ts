import { Relay } from '@tenantry/messaging';
import { waitFor } from '@tenantry/testing';
import type { Pool } from 'pg';
import type { Say } from '../report.ts';
import { median, quantile } from '../statistics.ts';
import { newBacklog, quietPool, type Backlog } from './backlog.ts';
import { QUIET } from './kafka.ts';
import { timedPool, type Kind, type Timed } from './timed-pool.ts';

/** Few enough that the smallest backlog has them in each shard, so that both sizes have the same to read. */
const POINTERS_A_SHARD = 10;
const REPEATS = 300;
const TENANTS = 1_000;

/** Of one statement with so much pending, in milliseconds. */
export interface ClaimCost {
  readonly pending: number;
  readonly clockP50: number;
  readonly clockP99: number;
  /** The server's own time and the pages it looked at, from EXPLAIN (ANALYZE, BUFFERS). */
  readonly executionMs: number;
  readonly pages: number;
}

/** What looking for work and taking it costs, and taking shards, at each size of the backlog. */
export async function measureClaimCost(
  sizes: readonly number[],
  say: Say,
): Promise<Record<'read' | 'claim', readonly ClaimCost[]>> {
  const costs = { read: [] as ClaimCost[], claim: [] as ClaimCost[] };
  const backlog = await newBacklog(TENANTS);
  let filled = 0;
  for (const pending of sizes) {
    await grow(backlog, filled, pending);
    filled = pending;
    const asked = await whatTheRelayAsks(backlog);
    for (const kind of ['read', 'claim'] as const) {
      const cost = { pending, ...(await costOf(backlog.admin, asked[kind])) };
      say(`${kind} with ${pending} pending: ${cost.clockP50.toFixed(2)} ms, ${cost.pages} pages`);
      costs[kind].push(cost);
    }
  }
  await backlog.drop();
  return costs;
}

/** A million events take long through the outbox: the first come that way, the others are copies of them. */
async function grow(backlog: Backlog, from: number, to: number): Promise<void> {
  if (from === 0) return backlog.fill(to);
  const rounds = Math.ceil(to / from);
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
async function whatTheRelayAsks(backlog: Backlog): Promise<Record<'read' | 'claim', Timed>> {
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

async function costOf(admin: Pool, { text, params }: Timed): Promise<Omit<ClaimCost, 'pending'>> {
  const clock: number[] = [];
  const plans: Plan[] = [];
  const client = await admin.connect();
  for (let n = 0; n < REPEATS; n++) {
    // What it takes is given back.
    await client.query('BEGIN');
    const startedAt = performance.now();
    await client.query(text, params);
    clock.push(performance.now() - startedAt);
    await client.query('ROLLBACK');
  }
  for (let n = 0; n < REPEATS / 10; n++) {
    await client.query('BEGIN');
    const { rows } = await client.query<{ 'QUERY PLAN': Plan[] }>(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
      params,
    );
    plans.push(...(rows[0]?.['QUERY PLAN'] ?? []));
    await client.query('ROLLBACK');
  }
  client.release();
  return {
    clockP50: median(clock),
    clockP99: quantile(clock, 0.99),
    executionMs: median(plans.map((plan) => plan['Execution Time'])),
    pages: median(plans.map(({ Plan: top }) => top['Shared Hit Blocks'] + top['Shared Read Blocks'])),
  };
}

interface Plan {
  readonly 'Execution Time': number;
  readonly Plan: { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };
}
