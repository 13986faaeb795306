import { pgExecutor } from '@tenantry/database';
import { createKafkaControlPlaneTransport, Relay } from '@tenantry/messaging';
import { waitFor } from '@tenantry/testing';
import type { Pool } from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import type { Say } from '../report.ts';
import { quantile } from '../statistics.ts';
import { newBacklog, quietPool, type Backlog } from './backlog.ts';
import { QUIET } from './kafka.ts';
import { timedPool, type Kind, type Timed } from './timed-pool.ts';

const TENANTS = 1_000;
const EVENTS_A_COMMIT = 10;
const BASELINE_MS = 20_000;
const CLAIM_EVERY_MS = 100;
const AUTOVACUUM_MS = 60_000;

/** The same load without and with a transaction that stays open. */
export interface LongTransaction {
  readonly heldMs: number;
  /** Events a second that were written. */
  readonly rate: number;
  /** Milliseconds; `held` is of the last third of the time that it was open. */
  readonly p99: Record<Kind, { readonly before: number; readonly held: number }>;
  /** Of `outbox_pending` with its indexes, in bytes, and its dead rows. */
  readonly space: { readonly before: Space; readonly held: Space; readonly after: Space };
}

export interface Space {
  readonly table: number;
  readonly indexes: number;
  readonly dead: number;
}

/** Writes and relays at an even rate, first as it is, then while a transaction that has nothing to do with it stays open. */
export async function measureLongTransaction(
  brokers: readonly string[],
  options: { readonly eventsPerSecond: number; readonly holdMs: number },
  say: Say,
): Promise<LongTransaction> {
  const backlog = await newBacklog(TENANTS, true);
  const pool = quietPool(backlog.controlUrl, 10);
  const transport = createKafkaControlPlaneTransport({
    brokers,
    clientId: 'bench',
    topicPrefix: `bench-${process.pid}-held`,
    logger: QUIET,
  });
  await transport.prepare([]);
  const timings: Timed[] = [];
  const timed = timedPool(pool, (one) => timings.push(one));
  const relay = new Relay({ pool: timed, transport, logger: QUIET });
  relay.start();
  const claims = await claimsAgain(timed, timings);
  const load = new Load(backlog, options.eventsPerSecond);
  load.start();
  // What is compiled and cached by then is the same for both.
  await delay(BASELINE_MS / 4);
  const beganAt = performance.now();
  await delay(BASELINE_MS);
  const before = await spaceOf(backlog);
  const holder = await open(backlog);
  const openedAt = performance.now();
  say(`holds a transaction open for ${(options.holdMs / 60_000).toFixed(1)} minutes`);
  await delay(options.holdMs);
  const held = await spaceOf(backlog);
  const closedAt = performance.now();
  await holder.close();
  clearInterval(claims);
  const rate = await load.stop();
  await waitFor('an empty outbox', () => backlog.isEmpty(), AUTOVACUUM_MS);
  await relay.stop();
  const after = await recovered(backlog, held, say);
  await transport.close();
  await pool.end();
  await backlog.drop();
  const p99 = (kind: Kind) => ({
    before: p99Of(timings, kind, beganAt, openedAt),
    held: p99Of(timings, kind, closedAt - options.holdMs / 3, closedAt),
  });
  return {
    heldMs: options.holdMs,
    rate,
    p99: { read: p99('read'), claim: p99('claim'), remove: p99('remove') },
    space: { before, held, after },
  };
}

/** Nobody claims shards while the one relay has them all: so somebody else asks for some, who gets none. */
async function claimsAgain(timed: Pool, timings: readonly Timed[]): Promise<NodeJS.Timeout> {
  const claim = await waitFor('the first claim', () => timings.find(({ kind }) => kind === 'claim'));
  const again = (): void => void timed.query(claim.text, ['nobody', 64]).catch(() => undefined);
  return setInterval(again, CLAIM_EVERY_MS);
}

function p99Of(timings: readonly Timed[], kind: Kind, from: number, to: number): number {
  const samples = timings.filter((one) => one.kind === kind && one.at >= from && one.at < to);
  return quantile(
    samples.map(({ ms }) => ms),
    0.99,
  );
}

/** Commits events at an even rate, and makes up for what it missed. */
class Load {
  private readonly pool: Pool;
  private readonly startedAt = performance.now();
  private readonly eventsPerSecond: number;
  private readonly backlog: Backlog;
  private running?: Promise<void>;
  private written = 0;
  private stopping = false;

  constructor(backlog: Backlog, eventsPerSecond: number) {
    this.backlog = backlog;
    this.eventsPerSecond = eventsPerSecond;
    this.pool = quietPool(backlog.controlUrl, 2);
  }

  start(): void {
    this.running = this.run();
  }

  /** Answers how many events a second it wrote. */
  async stop(): Promise<number> {
    this.stopping = true;
    await this.running;
    const rate = (this.written * 1000) / (performance.now() - this.startedAt);
    await this.pool.end();
    return rate;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const due = ((performance.now() - this.startedAt) / 1000) * this.eventsPerSecond;
      if (this.written + EVENTS_A_COMMIT > due) {
        await delay(2);
        continue;
      }
      const client = await this.pool.connect();
      await client.query('BEGIN');
      await this.backlog.enqueueTx(pgExecutor(client), EVENTS_A_COMMIT);
      await client.query('COMMIT');
      client.release();
      this.written += EVENTS_A_COMMIT;
    }
  }
}

/** A transaction with a snapshot and a number of its own, so that nothing which dies after it can be cleared away. */
async function open(backlog: Backlog): Promise<{ close(): Promise<void> }> {
  const client = await backlog.admin.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await client.query('SELECT pg_current_xact_id()');
  return {
    close: async () => {
      await client.query('COMMIT');
      client.release();
    },
  };
}

async function spaceOf({ admin }: Backlog): Promise<Space> {
  const { rows } = await admin.query<Record<keyof Space, string>>(
    `SELECT pg_table_size(c.oid) AS table, pg_indexes_size(c.oid) AS indexes, pg_stat_get_dead_tuples(c.oid) AS dead
    FROM pg_class c WHERE c.oid = 'tenantry.outbox_pending'::regclass`,
  );
  const [row] = rows;
  return { table: Number(row?.table), indexes: Number(row?.indexes), dead: Number(row?.dead) };
}

/** Autovacuum's work; where it doesn't come in time, one is started by hand. */
async function recovered(backlog: Backlog, held: Space, say: Say): Promise<Space> {
  const enough = async (): Promise<Space | false> => {
    const space = await spaceOf(backlog);
    return space.dead * 10 <= held.dead && space.table * 2 <= held.table && space;
  };
  try {
    return await waitFor('autovacuum', enough, AUTOVACUUM_MS);
  } catch {
    say('autovacuum has not come, so the table is vacuumed by hand');
    await backlog.admin.query('VACUUM tenantry.outbox_pending');
    return spaceOf(backlog);
  }
}
