import type { StateRecord } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import type { Pool } from 'pg';
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
}

/** The last record of a tenant that was read from the state channel. */
interface LastRead {
  readonly tenantSeq: string;
  readonly version: number;
  readonly readAt: number;
}

/** Compared at once. */
const BATCH = 1000;

/**
 * Compares what lies last in the state channel with the database, and has the present record published again where an older one
 * does. A relay that slept through its lease in the middle of a send leaves such a record behind, and compaction would keep it.
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
    // Anew, so that the map is in the order of the reading.
    this.lastRead.delete(tenantId);
    this.lastRead.set(tenantId, { tenantSeq, version, readAt: performance.now() });
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
    const outdated = await this.publishAgain(settled);
    for (const [tenantId, read] of settled)
      if (this.lastRead.get(tenantId) === read) this.lastRead.delete(tenantId);
    for (const tenantId of outdated)
      this.options.logger.warn({ tenantId }, 'an outdated state record lay last and is replaced');
    return settled.length >= BATCH;
  }

  /** Where a pointer is pending the present record is sent anyhow. */
  private async publishAgain(settled: readonly [string, LastRead][]): Promise<string[]> {
    const rows = await this.sql.query<{ tenant_id: string }>(
      `WITH again AS (
        INSERT INTO tenantry.outbox_pending (tenant_id, tenant_seq, shard, topic)
        SELECT s.tenant_id, s.tenant_seq, r.shard, 'state'
        FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::smallint[]) AS r(tenant_id, tenant_seq, version, shard)
        JOIN tenantry.tenant_state s ON s.tenant_id = r.tenant_id
        WHERE (r.tenant_seq, r.version) < (s.tenant_seq, (s.record->>'version')::bigint)
          AND NOT EXISTS (SELECT FROM tenantry.outbox_pending p WHERE p.tenant_id = s.tenant_id AND p.topic = 'state')
        RETURNING tenant_id
      )
      SELECT tenant_id, pg_notify($5, '') FROM again`,
      [
        settled.map(([tenantId]) => tenantId),
        settled.map(([, { tenantSeq }]) => tenantSeq),
        settled.map(([, { version }]) => version),
        settled.map(([tenantId]) => shardOf(tenantId)),
        OUTBOX_CHANNEL,
      ],
    );
    return rows.map(({ tenant_id }) => tenant_id);
  }
}
