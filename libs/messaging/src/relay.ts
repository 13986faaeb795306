import { pgExecutor, PgListener, type SqlExecutor } from '@tenantry/database';
import { backoffMs, crashPoint, type Backoff } from '@tenantry/kernel';
import type { Pool } from 'pg';
import type { Logger } from './logger.js';
import { OUTBOX_CHANNEL } from './outbox.js';
import { PointerRemoval } from './pointer-removal.js';
import { ShardFloors } from './relay-floors.js';
import { noteFailure, noteSuccess, SHARDS_ARE_FREE } from './relay-member.store.js';
import { RelayMembership, type OwnShard } from './relay-membership.js';
import { readBatches, type PendingBatch } from './relay-shard.store.js';
import { PEER_PATIENCE_MS, settledWithin } from './settled-within.js';
import { RelayMetrics } from './telemetry/relay-metrics.js';
import type { ControlPlaneTransport } from './transport.js';
import { WorkLoop } from './work-loop.js';

/** Pointers a batch, unless told otherwise. */
export const RELAY_BATCH = 500;

export interface RelayOptions {
  /** Of a login with `tenantry_control`. Uses a connection for listening, and briefly up to four others. */
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

/**
 * Sends what the outbox holds: per shard one batch at a time, in order, each awaited before its pointers are deleted. A crash or a failure
 * in between sends a batch again, never out of order; any number of relays share the shards.
 *
 * Reading, sending and deleting overlap between shards: while some are sent, the next are read in one query, and what was sent
 * is deleted in one.
 */
export class Relay {
  private readonly sql: SqlExecutor;
  private readonly reading: WorkLoop;
  private readonly upkeep: WorkLoop;
  private readonly listener?: PgListener;
  private readonly membership: RelayMembership;
  private readonly removal: PointerRemoval;
  private readonly metrics: RelayMetrics;
  private floors: ShardFloors;
  /** By shard. What was begun under a lease that was lost counts too: a shard is never sent twice at a time. */
  private readonly sending = new Map<number, Promise<void>>();
  private readonly concurrency: number;
  private readonly batchSize: number;
  private readonly backoff: Backoff;
  /** The shard whose turn is first. */
  private turn = 0;
  private stopping = false;
  private failing = false;

  constructor(private readonly options: RelayOptions) {
    const leaseMs = options.leaseMs ?? 5_000;
    this.sql = pgExecutor(options.pool);
    this.concurrency = options.concurrency ?? 8;
    this.batchSize = options.batchSize ?? RELAY_BATCH;
    this.backoff = options.backoff ?? { baseMs: 200, maxMs: 5_000 };
    this.membership = new RelayMembership(this.sql, leaseMs, (move, shards) =>
      this.metrics.countMoves(move, shards),
    );
    this.metrics = new RelayMetrics(() => this.membership.size);
    this.removal = new PointerRemoval(this.sql);
    this.floors = new ShardFloors(this.sql);
    this.reading = new WorkLoop({
      step: () => this.read(),
      minPauseMs: 50,
      maxPauseMs: 1_000,
      onError: (err) => options.logger.warn({ err }, 'relay cannot read the outbox'),
    });
    this.upkeep = new WorkLoop({
      step: () => this.attend(),
      minPauseMs: leaseMs / 5,
      maxPauseMs: leaseMs / 5,
      onError: (err) => options.logger.warn({ err }, 'relay cannot claim shards'),
    });
    if (options.listen ?? true) {
      this.listener = new PgListener({
        pool: options.pool,
        channels: [OUTBOX_CHANNEL],
        onNotification: (_, payload) => (payload === SHARDS_ARE_FREE ? this.upkeep : this.reading).wake(),
        onError: (err) => options.logger.warn({ err }, 'relay cannot listen'),
      });
    }
  }

  start(): void {
    this.metrics.start();
    void this.listener?.start();
    this.upkeep.start();
    this.reading.start();
  }

  /** To be called after a commit that enqueued something; saves the wait for the poll. */
  wake(): void {
    this.reading.wake();
  }

  /** Finishes the batches that are being sent and gives the shards back, as far as broker and database answer. */
  async stop(): Promise<void> {
    this.stopping = true;
    const ended = Promise.all([this.listener?.stop(), this.reading.stop(), this.upkeep.stop()]);
    const left = ended
      .then(() => Promise.all(this.sending.values()))
      .then(() => this.membership.leave())
      // The lease runs out by itself.
      .catch((err: unknown) => this.options.logger.warn({ err }, 'relay cannot give its shards back'));
    await settledWithin([left], PEER_PATIENCE_MS);
    this.membership.end();
    this.metrics.stop();
  }

  private async attend(): Promise<boolean> {
    if (!this.membership.held) this.floors = new ShardFloors(this.sql);
    if (this.membership.lost) this.options.logger.warn({}, 'relay has lost its shards and begins anew');
    if (await this.membership.attend((shard) => this.sending.has(shard))) this.reading.wake();
    await this.floors.advance();
    return false;
  }

  /** Reads and begins to send as many shards as are free to be sent. Answers whether there may be more. */
  private async read(): Promise<boolean> {
    const limit = this.concurrency - this.sending.size;
    const due = this.due();
    if (limit <= 0 || due.length === 0) return false;
    const { floors } = this;
    const batches = await readBatches(
      this.sql,
      due.map(({ shard }) => ({ shard, floor: floors.of(shard) })),
      { shards: limit, pointers: this.batchSize },
    );
    for (const batch of batches) {
      floors.read(batch.shard, batch.lastNo);
      const own = due.find(({ shard }) => shard === batch.shard);
      if (own && this.membership.owns(own)) this.begin(own, batch);
    }
    this.turn = (batches.at(-1)?.shard ?? this.turn) + 1;
    return batches.length > 0;
  }

  /** The shards that may be read now, beginning with the one whose turn it is. */
  private due(): OwnShard[] {
    if (this.stopping || !this.membership.held) return [];
    const now = performance.now();
    const due = [...this.membership.shards]
      .filter(({ shard, notBefore, leaving }) => !leaving && notBefore <= now && !this.sending.has(shard))
      .sort((a, b) => a.shard - b.shard);
    const first = due.findIndex(({ shard }) => shard >= this.turn);
    return first <= 0 ? due : [...due.slice(first), ...due.slice(0, first)];
  }

  private begin(own: OwnShard, batch: PendingBatch): void {
    const sending = this.send(own, batch).finally(() => {
      this.sending.delete(own.shard);
      // A shard that is to be given back is given back now.
      if (own.leaving) this.upkeep.wake();
      this.reading.wake();
    });
    this.sending.set(own.shard, sending);
  }

  private async send(own: OwnShard, { messages, pointers, fault }: PendingBatch): Promise<void> {
    try {
      if (fault) throw fault;
      crashPoint('relay.before-send');
      await this.options.transport.publish(messages);
      this.metrics.countSent(messages);
      if (this.failing) this.options.logger.info({ shard: own.shard }, 'relay sends again');
      this.failing = false;
      crashPoint('relay.after-send');
      await this.removal.remove(pointers);
      crashPoint('relay.after-delete');
      if (own.attempts > 0) await noteSuccess(this.sql, own);
      own.attempts = 0;
    } catch (err) {
      await this.backOff(own, err);
    }
  }

  private async backOff(own: OwnShard, err: unknown): Promise<void> {
    this.metrics.countFailure();
    own.attempts += 1;
    const { attempts, shard } = own;
    const delayMs = backoffMs(this.backoff, attempts);
    own.notBefore = performance.now() + delayMs;
    const { logger } = this.options;
    const fields = { err, shard, attempts, delayMs };
    // While the broker is away every shard fails, again and again: one line is enough.
    if (this.failing) logger.debug(fields, 'relay still cannot send a shard');
    else logger.warn(fields, 'relay cannot send a shard');
    this.failing = true;
    await noteFailure(this.sql, own, delayMs, err instanceof Error ? err.message : String(err)).catch(
      (cause: unknown) => logger.warn({ err: cause, shard }, 'relay cannot note a failure'),
    );
  }
}
