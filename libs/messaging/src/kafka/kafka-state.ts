import { checkIncoming, STATE_RECORD_TYPE } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { BackgroundSubscription } from '../background-subscription.js';
import type { Logger } from '../logger.js';
import { pause } from '../pause.js';
import type { ParticipantTransport } from '../transport.js';
import { fromKafkaMessage, rawText } from './cloud-event.js';
import { endsOf, existingTopics } from './kafka-topics.js';
import { SupervisedConsumer } from './supervised-consumer.js';

const RETRY_MS = 1_000;

export interface KafkaStateOptions {
  readonly kafka: Kafka;
  readonly logger: Logger;
  readonly topic: string;
  /** What the group's name begins with. */
  readonly groupPrefix: string;
  readonly follower: Parameters<ParticipantTransport['followState']>[0];
}

/**
 * Reads the whole state topic in a group of its own that commits nothing, so that every process has every record, and then what follows.
 * The first pass ends at the positions noted at its beginning, not at "the last message": compaction leaves holes.
 */
export class KafkaState {
  readonly subscription = new BackgroundSubscription(() => this.end());
  private readonly consumer: SupervisedConsumer;
  private readonly firstPass = Promise.withResolvers<void>();
  private remaining = new Map<number, bigint>();

  constructor(private readonly options: KafkaStateOptions) {
    const { kafka, logger, topic, groupPrefix } = options;
    this.consumer = new SupervisedConsumer({
      kafka,
      logger,
      groupId: `${groupPrefix}.state.${newId()}`,
      topics: () => existingTopics(kafka, [topic]),
      eachBatch: (payload) => this.take(payload),
      onPosition: (partition, next) => this.reached(partition, next),
    });
    this.firstPass.promise.catch(() => undefined);
    this.consumer.subscription.failed.catch((error: unknown) => {
      this.firstPass.reject(error);
      this.subscription.fail(error);
    });
  }

  async start(): Promise<void> {
    const ends = await this.noteEnds();
    if (ends) {
      this.remaining = ends;
      this.consumer.start();
      if (ends.size === 0) this.firstPass.resolve();
    }
    await this.firstPass.promise;
  }

  private async end(): Promise<void> {
    this.firstPass.reject(
      new Error('The transport was closed before the first pass over the state records was done.'),
    );
    await this.consumer.subscription.stop();
  }

  private async noteEnds(): Promise<Map<number, bigint> | undefined> {
    const { kafka, logger, topic } = this.options;
    const { signal } = this.subscription;
    while (!signal.aborted) {
      try {
        const [existing] = await existingTopics(kafka, [topic]);
        if (existing) return await endsOf(kafka, topic);
        logger.debug({ topic }, 'state topic is not there yet');
      } catch (err) {
        logger.warn({ err, topic }, 'state topic cannot be read yet');
      }
      await pause(RETRY_MS, signal);
    }
    return undefined;
  }

  private async take({
    batch,
    resolveOffset,
    heartbeat,
    isRunning,
    isStale,
  }: EachBatchPayload): Promise<void> {
    for (const message of batch.messages) {
      if (!isRunning() || isStale()) return;
      this.hand(message);
      resolveOffset(message.offset);
    }
    await heartbeat();
  }

  private hand(message: KafkaMessage): void {
    const { handler, onMalformed } = this.options.follower;
    const parsed = fromKafkaMessage(message);
    const check = parsed.ok ? checkIncoming(STATE_RECORD_TYPE, parsed.envelope.data) : parsed;
    if (check.ok) handler(check.data);
    else onMalformed(check.reason, rawText(message));
  }

  private reached(partition: number, next: bigint): void {
    const end = this.remaining.get(partition);
    if (end === undefined || next < end) return;
    this.remaining.delete(partition);
    if (this.remaining.size === 0) this.firstPass.resolve();
  }
}
