import type { SqlExecutor } from '@tenantry/database';
import { RELAY_SHARDS } from './outbox-sql.js';

/** How often the look begins at the very beginning, in milliseconds, lest a number that nobody reckoned with stay unseen for ever. */
const FULL_LOOK_MS = 300_000;

/**
 * From which enqueue number on each shard is read. Pointers that were sent are gone, but while a long transaction runs somewhere
 * their dead rows are not, and whoever reads a shard from its beginning reads past all of them, more of them each second.
 *
 * This is no cursor: a floor rises only over numbers that nobody can still commit. Whoever writes a pointer holds a lock on the
 * table from before the number was drawn until the end of the transaction. So a number that was seen is noted, then
 * who holds such a lock; when the last of those has ended, whatever lies at or below the number is visible, and the
 * floor may rise to the least pointer that is left.
 *
 * To be forgotten with the lease, since a database that was restored gives numbers out again.
 */
export class ShardFloors {
  private readonly floors = new Array<number>(RELAY_SHARDS).fill(0);
  private readonly seen = new Array<number>(RELAY_SHARDS).fill(0);
  private mark?: { readonly upTo: readonly number[]; readonly writers: ReadonlySet<string> };
  private lookedAt = performance.now();

  constructor(private readonly sql: SqlExecutor) {}

  of(shard: number): number {
    return this.floors[shard] ?? 0;
  }

  /** Notes the greatest number that was read of a shard. */
  read(shard: number, number: number): void {
    this.seen[shard] = Math.max(this.seen[shard] ?? 0, number);
  }

  /** Takes the next step: notes what was seen and who writes, or lets the floors rise when those have ended. To be called now and then. */
  async advance(): Promise<void> {
    if (!this.mark) {
      if (this.seen.every((number, shard) => number < this.of(shard))) return;
      const upTo = [...this.seen];
      this.mark = { upTo, writers: await this.writers() };
    }
    const { upTo, writers } = this.mark;
    if (writers.size > 0) {
      const writing = await this.writers();
      if ([...writers].some((writer) => writing.has(writer))) return;
    }
    await this.rise(upTo);
    this.mark = undefined;
  }

  private async writers(): Promise<Set<string>> {
    const rows = await this.sql.query<{ virtualtransaction: string }>(
      `SELECT DISTINCT l.virtualtransaction FROM pg_locks l
      WHERE l.locktype = 'relation' AND l.relation = 'tenantry.outbox_pending'::regclass AND l.mode = 'RowExclusiveLock'
        AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())`,
    );
    return new Set(rows.map(({ virtualtransaction }) => virtualtransaction));
  }

  private async rise(upTo: readonly number[]): Promise<void> {
    const now = performance.now();
    const full = now - this.lookedAt >= FULL_LOOK_MS;
    const shards = upTo.flatMap((number, shard) => (number >= this.of(shard) ? [shard] : []));
    const rows = await this.sql.query<{ shard: number; floor: string }>(
      `SELECT s.shard, coalesce(least_left.enqueue_no, s.up_to + 1) AS floor
      FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS s(shard, floor, up_to)
      LEFT JOIN LATERAL (
        SELECT p.enqueue_no FROM tenantry.outbox_pending p
        WHERE p.shard = s.shard AND p.enqueue_no BETWEEN s.floor AND s.up_to ORDER BY p.enqueue_no LIMIT 1
      ) AS least_left ON true`,
      [shards, shards.map((shard) => (full ? 0 : this.of(shard))), shards.map((shard) => upTo[shard])],
    );
    for (const { shard, floor } of rows) this.floors[shard] = Number(floor);
    if (full) this.lookedAt = now;
  }
}
