import { checkIncoming, STATE_RECORD_TYPE, type StateRecord } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { BackgroundSubscription } from '../background-subscription.js';
import type { Logger } from '../logger.js';
import { fromKafkaMessage, rawText } from './cloud-event.js';
import { KAFKA_BOUNDS } from './kafka-bounds.js';
import { endsOf, existingTopics } from './kafka-topics.js';
import { SupervisedConsumer } from './supervised-consumer.js';

/** Who takes the records: a batch of one partition at a time; a promise holds back that partition until it resolves. */
export interface StateReader {
  readonly take: (records: readonly StateRecord[]) => void | Promise<void>;
  readonly onMalformed: (reason: string, raw: string) => void;
  /** As `onCurrent` of `followState`. */
  readonly onCurrent?: (() => void) | undefined;
}

export interface KafkaStateOptions {
  readonly kafka: Kafka;
  readonly logger: Logger;
  readonly topic: string;
  /** What the group's name begins with. */
  readonly groupPrefix: string;
  readonly reader: StateReader;
}

/**
 * Reads the whole state topic in a group of its own that commits nothing, so that every process has every record, and then what follows.
 * The first pass ends at the positions noted at its beginning, not at "the last message": compaction leaves holes.
 */
export class KafkaState {
  readonly subscription = new BackgroundSubscription(() => this.end());
  private readonly consumer: SupervisedConsumer;
  private readonly firstPass = Promise.withResolvers<void>();
  /** The ends that were there when the reading began, of the partitions that have not come that far. */
  private remaining: Map<number, bigint> | undefined;
  /** Partitions with more behind what was read last. */
  private readonly behind = new Set<number>();

  constructor(private readonly options: KafkaStateOptions) {
    const { kafka, logger, groupPrefix } = options;
    this.consumer = new SupervisedConsumer({
      kafka,
      logger,
      groupId: `${groupPrefix}.state.${newId()}`,
      fetchBytes: KAFKA_BOUNDS.stateFetchBytes,
      topics: () => this.begin(),
      eachBatch: (payload) => this.take(payload),
      onPosition: (partition, next, end) => this.reached(partition, next, end),
      onFetch: () => this.fetched(),
    });
    this.firstPass.promise.catch(() => undefined);
    this.consumer.subscription.failed.catch((error: unknown) => {
      this.firstPass.reject(error);
      this.subscription.fail(error);
    });
  }

  async start(): Promise<void> {
    this.consumer.start();
    await this.firstPass.promise;
  }

  private async end(): Promise<void> {
    this.firstPass.reject(
      new Error('The transport was closed before the first pass over the state records was done.'),
    );
    await this.consumer.subscription.stop();
  }

  /** Also after a crash: everything is read again from the beginning then, and only at its end is all known again. */
  private async begin(): Promise<string[]> {
    const { kafka, topic } = this.options;
    const existing = await existingTopics(kafka, [topic]);
    this.behind.clear();
    this.remaining = existing.length > 0 ? await endsOf(kafka, topic) : undefined;
    if (this.remaining?.size === 0) this.firstPass.resolve();
    return existing;
  }

  private async take({
    batch,
    resolveOffset,
    heartbeat,
    isRunning,
    isStale,
  }: EachBatchPayload): Promise<void> {
    if (!isRunning() || isStale()) return;
    const records = batch.messages.flatMap((message) => this.read(message) ?? []);
    await this.options.reader.take(records);
    resolveOffset(batch.lastOffset());
    await heartbeat();
  }

  private read(message: KafkaMessage): StateRecord | undefined {
    const parsed = fromKafkaMessage(message);
    const check = parsed.ok ? checkIncoming(STATE_RECORD_TYPE, parsed.envelope.data) : parsed;
    if (check.ok) return check.data;
    this.options.reader.onMalformed(check.reason, rawText(message));
    return undefined;
  }

  private reached(partition: number, next: bigint, end: bigint): void {
    if (next < end) this.behind.add(partition);
    else this.behind.delete(partition);
    const noted = this.remaining?.get(partition);
    if (noted === undefined || next < noted) return;
    this.remaining?.delete(partition);
    if (this.remaining?.size === 0) this.firstPass.resolve();
  }

  /** The brokers answered, and what they had answered before is handed on already. */
  private fetched(): void {
    if (this.remaining?.size === 0 && this.behind.size === 0) this.options.reader.onCurrent?.();
  }
}
