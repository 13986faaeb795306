import type { SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { Lease } from './lease.js';
import { RELAY_SHARDS } from './outbox-sql.js';
import {
  claimShards,
  countRelays,
  joinRelays,
  leaveRelays,
  releaseShards,
  renewLease,
  type ClaimedShard,
} from './relay-member.store.js';
import type { LeaseMove } from './telemetry/relay-metrics.js';

/** A shard of this relay. */
export interface OwnShard extends Omit<ClaimedShard, 'attempts'> {
  attempts: number;
  /** `performance.now()` before which it isn't tried again. */
  notBefore: number;
  /** It is about to be given back: nothing more of it is begun. */
  leaving: boolean;
}

/**
 * This relay among the others: its lease, and its share of the shards. Each has a fair share of them, keeps it while it lives,
 * and gives back what is too much when another joins. Whoever's lease ran out has lost all and begins anew under another name.
 */
export class RelayMembership {
  private owner = '';
  private lease?: Lease;
  private readonly own = new Map<number, OwnShard>();

  /**
   * @param leaseMs how long the shards of a relay that died stay unsent.
   * @param onMove told how many shards came or went.
   */
  constructor(
    private readonly sql: SqlExecutor,
    private readonly leaseMs: number,
    private readonly onMove: (move: LeaseMove, shards: number) => void = () => {},
  ) {}

  /** Whether the shards are still this relay's. */
  get held(): boolean {
    return this.lease?.held === true;
  }

  /** Whether it had shards and has them no longer. */
  get lost(): boolean {
    return this.lease !== undefined && !this.lease.held;
  }

  /** How many shards are its own while its lease stands. */
  get size(): number {
    return this.held ? this.own.size : 0;
  }

  get shards(): IterableIterator<OwnShard> {
    return this.own.values();
  }

  /** Whether it is still the same claim of the shard. */
  owns(shard: OwnShard): boolean {
    return this.held && this.own.get(shard.shard) === shard;
  }

  /**
   * Joins where it has to, strikes the dead, and comes nearer to its fair share. To be called again and again.
   *
   * @param isBusy whether a shard is being sent: it is given back afterwards.
   * @returns whether it has more shards than before.
   */
  async attend(isBusy: (shard: number) => boolean): Promise<boolean> {
    if (!this.held) await this.join();
    const share = Math.ceil(RELAY_SHARDS / Math.max(1, await countRelays(this.sql)));
    await this.giveBack(this.own.size - share, isBusy);
    if (this.own.size >= share || !this.held) return false;
    const claimed = await claimShards(this.sql, this.owner, share - this.own.size);
    this.onMove('taken', claimed.length);
    for (const shard of claimed) this.own.set(shard.shard, { ...shard, notBefore: 0, leaving: false });
    return claimed.length > 0;
  }

  /** Gives everything back, for others to go on at once. */
  async leave(): Promise<void> {
    if (!this.lease) return;
    const left = this.size;
    this.own.clear();
    await leaveRelays(this.sql, this.owner);
    this.onMove('handed_over', left);
  }

  /** Renews no more. */
  end(): void {
    this.lease?.end();
  }

  private async join(): Promise<void> {
    this.end();
    this.onMove('lost', this.own.size);
    this.own.clear();
    const owner = newId();
    const askedAt = performance.now();
    await joinRelays(this.sql, owner, this.leaseMs);
    this.owner = owner;
    this.lease = new Lease(this.leaseMs, askedAt, () => renewLease(this.sql, owner, this.leaseMs));
  }

  private async giveBack(surplus: number, isBusy: (shard: number) => boolean): Promise<void> {
    const leaving = [...this.own.values()]
      .sort(
        (a, b) => Number(b.leaving) - Number(a.leaving) || Number(isBusy(a.shard)) - Number(isBusy(b.shard)),
      )
      .slice(0, Math.max(0, surplus));
    for (const shard of this.own.values()) shard.leaving = leaving.includes(shard);
    const ready = leaving.filter(({ shard }) => !isBusy(shard));
    if (ready.length === 0) return;
    for (const { shard } of ready) this.own.delete(shard);
    await releaseShards(this.sql, ready);
    this.onMove('handed_over', ready.length);
  }
}
