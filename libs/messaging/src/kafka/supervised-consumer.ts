import { backoffMs, type Backoff } from '@tenantry/kernel';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { BackgroundSubscription } from '../background-subscription.js';
import { InFlight } from '../in-flight.js';
import type { Logger } from '../logger.js';
import { pause } from '../pause.js';
import { PEER_PATIENCE_MS, settledWithin } from '../settled-within.js';
import { KAFKA_BOUNDS } from './kafka-bounds.js';

const BACKOFF: Backoff = { baseMs: 250, maxMs: 5_000 };
/** Crashes in a row, with the brokers answering and not one successful fetch in between, after which it gives up. */
const MAX_CRASHES = 10;

export interface SupervisedConsumerOptions {
  readonly kafka: Kafka;
  readonly logger: Logger;
  readonly groupId: string;
  /**
   * Which topics to read. Asked before every start, so it doubles as the test whether the brokers answer; while it rejects or gives none,
   * the consumer waits.
   */
  readonly topics: () => Promise<readonly string[]>;
  /** How often to look for a change of the topics, in milliseconds; never unless told. */
  readonly refreshMs?: number;
  /** What runs in `handling` is waited for by a stop, however long it takes. */
  readonly eachBatch: (
    payload: EachBatchPayload,
    control: { readonly signal: AbortSignal; readonly handling: InFlight },
  ) => Promise<void>;
  /** How much a broker may answer to one fetch, in bytes. Default: kafkajs's, 10 MiB. */
  readonly fetchBytes?: number;
  /** Called with the offset that a partition will be read at next, and the one behind its last message as far as the broker has told. */
  readonly onPosition?: (partition: number, next: bigint, end: bigint) => void;
  /** Called when a broker has answered a fetch, before what it answered is handled. */
  readonly onFetch?: () => void;
}

/**
 * A kafkajs consumer that is started again when it crashes. While the brokers cannot be reached it waits for as long as that takes; one that
 * crashes again and again although they can be reached fails for good.
 */
export class SupervisedConsumer {
  readonly subscription = new BackgroundSubscription(() => this.end());
  private readonly handling = new InFlight();
  private running?: Promise<void>;
  private crashes = 0;
  private outages = 0;

  constructor(private readonly options: SupervisedConsumerOptions) {}

  start(): void {
    this.running ??= this.run();
  }

  private async end(): Promise<void> {
    await this.handling.settled();
    await settledWithin([this.running ?? Promise.resolve()], PEER_PATIENCE_MS);
  }

  private async run(): Promise<void> {
    const { signal } = this.subscription;
    while (!signal.aborted) {
      const topics = await this.currentTopics();
      if (signal.aborted) return;
      if (topics === undefined || topics.length === 0) {
        if (topics && this.outages === 0) this.reportNoTopics();
        await pause(backoffMs(BACKOFF, ++this.outages), signal);
        continue;
      }
      if (this.outages > 0)
        this.options.logger.info({ groupId: this.options.groupId }, 'consumer has its topics');
      this.outages = 0;
      try {
        await this.consume(topics);
      } catch (err) {
        this.crashes++;
        const { logger, groupId } = this.options;
        if (this.crashes > MAX_CRASHES) {
          logger.error({ err, groupId, crashes: this.crashes }, 'consumer gives up');
          this.subscription.fail(err);
          return;
        }
        logger.warn({ err, groupId, crashes: this.crashes }, 'consumer is started again');
        await pause(backoffMs(BACKOFF, this.crashes), signal);
      }
    }
  }

  private async currentTopics(): Promise<readonly string[] | undefined> {
    const { topics, logger, groupId } = this.options;
    try {
      return await topics();
    } catch (err) {
      if (this.outages === 0 && isRefusal(err))
        logger.error({ err, groupId }, 'the brokers do not let this client in: look at its credentials');
      else if (this.outages === 0) logger.warn({ err, groupId }, 'consumer waits for the brokers');
      else logger.debug({ err, groupId }, 'consumer still waits for the brokers');
      return undefined;
    }
  }

  private reportNoTopics(): void {
    const { logger, groupId } = this.options;
    logger.info(
      { groupId },
      'consumer waits for its topics: they are not there, or not for this client to see',
    );
  }

  /** Returns when it was stopped or the topics changed; throws what the consumer crashed with. */
  private async consume(topics: readonly string[]): Promise<void> {
    const { kafka, groupId, logger, eachBatch, fetchBytes } = this.options;
    const { signal } = this.subscription;
    const consumer = kafka.consumer({
      groupId,
      sessionTimeout: KAFKA_BOUNDS.sessionTimeout,
      heartbeatInterval: 2_000,
      rebalanceTimeout: KAFKA_BOUNDS.rebalanceTimeout,
      maxWaitTimeInMs: KAFKA_BOUNDS.maxWaitTimeInMs,
      ...(fetchBytes !== undefined && { maxBytes: fetchBytes }),
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3, restartOnFailure: async () => false },
    });
    const ended = new AbortController();
    try {
      const crashed = this.watch(consumer);
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 4,
        eachBatch: (payload) => eachBatch(payload, { signal, handling: this.handling }),
      });
      await Promise.race([crashed, this.stopOrChange(topics, AbortSignal.any([signal, ended.signal]))]);
    } finally {
      ended.abort();
      await consumer
        .disconnect()
        .catch((err: unknown) => logger.debug({ err, groupId }, 'consumer cannot be disconnected'));
    }
  }

  /** Rejects when the consumer crashes; a fetch that succeeds is progress. */
  private watch(consumer: Consumer): Promise<never> {
    consumer.on(consumer.events.FETCH, () => {
      this.crashes = 0;
      this.options.onFetch?.();
    });
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      const { partition, lastOffset, highWatermark } = payload;
      this.options.onPosition?.(partition, BigInt(lastOffset) + 1n, BigInt(highWatermark));
    });
    const crashed = new Promise<never>((_, reject) =>
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error)),
    );
    crashed.catch(() => undefined);
    return crashed;
  }

  private async stopOrChange(topics: readonly string[], signal: AbortSignal): Promise<void> {
    const { refreshMs = Number.MAX_SAFE_INTEGER } = this.options;
    while (!signal.aborted) {
      await pause(Math.min(refreshMs, 2 ** 31 - 1), signal);
      const current = signal.aborted ? undefined : await this.currentTopics();
      if (current && [...current].sort().join() !== [...topics].sort().join()) return;
    }
  }
}

/** Whether the brokers know that this client is not who it says, which no waiting changes; kafkajs hides it in causes. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'KafkaJSSASLAuthenticationError' || isRefusal(error.cause);
}
