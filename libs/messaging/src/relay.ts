import { pgExecutor, PgListener, type SqlExecutor } from '@tenantry/database';
import { backoffMs, crashPoint, newId, type Backoff } from '@tenantry/kernel';
import type { Pool } from 'pg';
import { Lease } from './lease.js';
import type { Logger } from './logger.js';
import { OUTBOX_CHANNEL } from './outbox.js';
import {
  backOffShard,
  claimShards,
  deletePointers,
  readBatch,
  releaseShard,
  renewShard,
  type ClaimedShard,
} from './relay-shard.store.js';
import { PEER_PATIENCE_MS, settledWithin } from './settled-within.js';
import type { ControlPlaneTransport } from './transport.js';
import { WorkLoop } from './work-loop.js';

export interface RelayOptions {
  /** Of a login with `tenantry_control`. Uses a connection for listening, and briefly up to one a shard. */
  readonly pool: Pool;
  readonly transport: Pick<ControlPlaneTransport, 'publish'>;
  readonly logger: Logger;
  /** How many shards this process sends at once. Default 8. */
  readonly concurrency?: number;
  /** Pointers a batch. Default 500. */
  readonly batchSize?: number;
  /** How long the shards of a relay that died stay unsent. Default 5 000. */
  readonly leaseMs?: number;
  /** Between failed sends of a shard. Default from 200 ms to 5 s. */
  readonly backoff?: Backoff;
  /** Whether to be woken by other processes' commits; off behind a transaction pooler. Default true. */
  readonly listen?: boolean;
}

/** After so many batches a shard is given back although there is more, so that one busy shard cannot keep its slot for ever. */
const BATCHES_PER_CLAIM = 20;

/**
 * Sends what the outbox holds: per shard one batch at a time, in order, each awaited before its pointers are deleted. A crash or a failure
 * in between sends a batch again, never out of order; any number of relays share the shards.
 */
export class Relay {
  private readonly owner = newId();
  private readonly sql: SqlExecutor;
  private readonly loop: WorkLoop;
  private readonly listener?: PgListener;
  private readonly sending = new Set<Promise<void>>();
  private readonly concurrency: number;
  private readonly batchSize: number;
  private readonly leaseMs: number;
  private readonly backoff: Backoff;
  private stopping = false;
  private failing = false;

  constructor(private readonly options: RelayOptions) {
    this.sql = pgExecutor(options.pool);
    this.concurrency = options.concurrency ?? 8;
    this.batchSize = options.batchSize ?? 500;
    this.leaseMs = options.leaseMs ?? 5_000;
    this.backoff = options.backoff ?? { baseMs: 200, maxMs: 5_000 };
    this.loop = new WorkLoop({
      step: () => this.claim(),
      minPauseMs: 50,
      maxPauseMs: 1_000,
      onError: (err) => options.logger.warn({ err }, 'relay cannot claim shards'),
    });
    if (options.listen ?? true) {
      this.listener = new PgListener({
        pool: options.pool,
        channels: [OUTBOX_CHANNEL],
        onNotification: () => this.loop.wake(),
        onError: (err) => options.logger.warn({ err }, 'relay cannot listen'),
      });
    }
  }

  start(): void {
    void this.listener?.start();
    this.loop.start();
  }

  /** To be called after a commit that enqueued something; saves the wait for the poll. */
  wake(): void {
    this.loop.wake();
  }

  /** Finishes the batches that are being sent and gives the shards back, as far as broker and database answer. */
  async stop(): Promise<void> {
    this.stopping = true;
    const left = Promise.all([this.listener?.stop(), this.loop.stop()]).then(() => Promise.all(this.sending));
    await settledWithin([left], PEER_PATIENCE_MS);
  }

  private async claim(): Promise<boolean> {
    const free = this.concurrency - this.sending.size;
    if (free <= 0) return false;
    const askedAt = performance.now();
    const claimed = await claimShards(this.sql, this.owner, this.leaseMs, free);
    for (const shard of claimed) {
      const sending: Promise<void> = this.sendShard(shard, askedAt).finally(() => {
        this.sending.delete(sending);
        this.loop.wake();
      });
      this.sending.add(sending);
    }
    return claimed.length > 0;
  }

  private async sendShard(claimed: ClaimedShard, askedAt: number): Promise<void> {
    const lease = new Lease(this.leaseMs, askedAt, () => renewShard(this.sql, claimed, this.leaseMs));
    try {
      for (
        let batches = 0;
        batches < BATCHES_PER_CLAIM && !this.stopping && (await this.sendBatch(claimed, lease));
        batches++
      );
      await releaseShard(this.sql, claimed);
    } catch (err) {
      await this.backOff(claimed, err);
    } finally {
      lease.end();
    }
  }

  /** Answers whether there may be more. */
  private async sendBatch({ shard }: ClaimedShard, lease: Lease): Promise<boolean> {
    const { messages, pointers } = await readBatch(this.sql, shard, this.batchSize);
    if (pointers.length === 0 || !lease.held) return false;
    crashPoint('relay.before-send');
    await this.options.transport.publish(messages);
    if (this.failing) this.options.logger.info({ shard }, 'relay sends again');
    this.failing = false;
    crashPoint('relay.after-send');
    await deletePointers(this.sql, pointers);
    crashPoint('relay.after-delete');
    return pointers.length >= this.batchSize && lease.held;
  }

  private async backOff(claimed: ClaimedShard, err: unknown): Promise<void> {
    const delayMs = backoffMs(this.backoff, claimed.attempts + 1);
    const { logger } = this.options;
    const fields = { err, shard: claimed.shard, attempts: claimed.attempts + 1, delayMs };
    // While the broker is away every shard fails, again and again: one line is enough.
    if (this.failing) logger.debug(fields, 'relay still cannot send a shard');
    else logger.warn(fields, 'relay cannot send a shard');
    this.failing = true;
    try {
      await backOffShard(this.sql, claimed, delayMs, err instanceof Error ? err.message : String(err));
    } catch (cause) {
      // The lease runs out by itself.
      logger.warn({ err: cause, shard: claimed.shard }, 'relay cannot give a shard back');
    }
  }
}
