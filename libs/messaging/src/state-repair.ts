import type { StateRecord } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import type { Pool } from 'pg';
import { noteAhead } from './epoch.js';
import type { Logger } from './logger.js';
import { OUTBOX_CHANNEL } from './outbox.js';
import { PEER_PATIENCE_MS, settledWithin } from './settled-within.js';
import { shardOf } from './shard.js';
import { WorkLoop } from './work-loop.js';

export interface StateRepairOptions {
  /** Of a login with `tenantry_control`. */
  readonly pool: Pool;
  readonly logger: Logger;
  /** How long a tenant's last record must have lain there before it is compared: what is on its way comes by then. Default 2 000. */
  readonly settleMs?: number;
  /** Whether relays of other processes are woken by NOTIFY. Default true. */
  readonly notify?: boolean;
}

/** The place of a record among its tenant's. */
interface RecordPlace {
  readonly tenantSeq: string;
  readonly version: number;
}

/** The last record of a tenant that was read from the state channel, and the highest since the tenant was compared. */
interface LastRead extends RecordPlace {
  readonly readAt: number;
  readonly highest: RecordPlace;
}

/** Compared at once. */
const BATCH = 1000;

/**
 * Compares what lies last in the state channel with the database, and has the present record published again where an older one
 * does. A relay that slept through its lease in the middle of a send leaves such a record behind, and compaction would keep it.
 *
 * A record that is above what the database knows was published before the database was restored to an earlier point, or lost
 * its last transactions. That is noted beside the epoch, which has to be raised above it before anything is published.
 *
 * It remembers a tenant only until it has compared it. Whatever it forgets when the process dies, the next one reads again from
 * the beginning.
 */
export class StateRepair {
  private readonly sql: SqlExecutor;
  private readonly lastRead = new Map<string, LastRead>();
  private readonly loop: WorkLoop;
  private readonly settleMs: number;

  constructor(private readonly options: StateRepairOptions) {
    this.sql = pgExecutor(options.pool);
    this.settleMs = options.settleMs ?? 2_000;
    this.loop = new WorkLoop({
      step: () => this.compare(),
      minPauseMs: this.settleMs / 2,
      maxPauseMs: this.settleMs / 2,
      onError: (err) => options.logger.warn({ err }, 'state records cannot be compared'),
    });
  }

  start(): void {
    this.loop.start();
  }

  /** Ends the comparison that runs, as far as the database answers. */
  async stop(): Promise<void> {
    await settledWithin([this.loop.stop()], PEER_PATIENCE_MS);
  }

  /** Takes down a record, in the order of the channel. */
  read({ tenantId, tenantSeq, version }: StateRecord): void {
    const read = { tenantSeq, version };
    const before = this.lastRead.get(tenantId)?.highest;
    const highest = before && isAbove(before, read) ? before : read;
    // Anew, so that the map is in the order of the reading.
    this.lastRead.delete(tenantId);
    this.lastRead.set(tenantId, { ...read, readAt: performance.now(), highest });
  }

  /** Whether something that was read before then, by `performance.now()`, is not compared yet. */
  hasLeftFrom(time: number): boolean {
    const [oldest] = this.lastRead.values();
    return oldest !== undefined && oldest.readAt <= time;
  }

  /** Answers whether there may be more to compare at once. */
  private async compare(): Promise<boolean> {
    const settledBefore = performance.now() - this.settleMs;
    const settled: [string, LastRead][] = [];
    for (const entry of this.lastRead) {
      if (entry[1].readAt > settledBefore || settled.length >= BATCH) break;
      settled.push(entry);
    }
    if (settled.length === 0) return false;
    await this.lookAhead(settled);
    const outdated = await this.publishAgain(settled);
    for (const [tenantId, read] of settled)
      if (this.lastRead.get(tenantId) === read) this.lastRead.delete(tenantId);
    for (const tenantId of outdated)
      this.options.logger.warn({ tenantId }, 'an outdated state record lay last and is replaced');
    return settled.length >= BATCH;
  }

  private async lookAhead(settled: readonly [string, LastRead][]): Promise<void> {
    const [ahead] = await this.sql.query<{ tenantId: string; tenantSeq: string }>(
      `SELECT r.tenant_id AS "tenantId", r.tenant_seq AS "tenantSeq"
       FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS r (tenant_id, tenant_seq, version)
       JOIN tenantry.tenant_state s ON s.tenant_id = r.tenant_id
       WHERE (r.tenant_seq, r.version) > (s.tenant_seq, (s.record->>'version')::bigint) ORDER BY r.tenant_seq DESC LIMIT 1`,
      [
        settled.map(([tenantId]) => tenantId),
        settled.map(([, { highest }]) => highest.tenantSeq),
        settled.map(([, { highest }]) => highest.version),
      ],
    );
    if (ahead) await noteAhead(this.sql, ahead);
  }

  /** Where a pointer is pending the present record is sent anyhow. */
  private async publishAgain(settled: readonly [string, LastRead][]): Promise<string[]> {
    const rows = await this.sql.query<{ tenant_id: string }>(
      `WITH again AS (
        INSERT INTO tenantry.outbox_pending (tenant_id, tenant_seq, shard, topic, occurred_at)
        SELECT s.tenant_id, s.tenant_seq, r.shard, 'state', now()
        FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::smallint[]) AS r(tenant_id, tenant_seq, version, shard)
        JOIN tenantry.tenant_state s ON s.tenant_id = r.tenant_id
        WHERE (r.tenant_seq, r.version) < (s.tenant_seq, (s.record->>'version')::bigint)
          AND NOT EXISTS (SELECT FROM tenantry.outbox_pending p WHERE p.tenant_id = s.tenant_id AND p.topic = 'state')
        RETURNING tenant_id
      )
      SELECT tenant_id, CASE WHEN $6 THEN pg_notify($5, '') END FROM again`,
      [
        settled.map(([tenantId]) => tenantId),
        settled.map(([, { tenantSeq }]) => tenantSeq),
        settled.map(([, { version }]) => version),
        settled.map(([tenantId]) => shardOf(tenantId)),
        OUTBOX_CHANNEL,
        this.options.notify ?? true,
      ],
    );
    return rows.map(({ tenant_id }) => tenant_id);
  }
}

function isAbove(one: RecordPlace, other: RecordPlace): boolean {
  const [seq, otherSeq] = [BigInt(one.tenantSeq), BigInt(other.tenantSeq)];
  return seq === otherSeq ? one.version > other.version : seq > otherSeq;
}
