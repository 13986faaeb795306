import type { Kafka } from 'kafkajs';
import type { Logger } from '../logger.js';
import { KafkaState, type StateReader } from './kafka-state.js';
import { beginGroupAt, hasBegun, partitionEnds } from './kafka-group.js';

export interface KafkaBootstrapOptions {
  readonly kafka: Kafka;
  readonly logger: Logger;
  /** The group that joins, as the broker knows it. */
  readonly groupId: string;
  readonly lifecycleTopic: string;
  readonly stateTopic: string;
  readonly take: StateReader['take'];
  readonly onMalformed: StateReader['onMalformed'];
}

/**
 * Lets a group begin with what is, instead of with what was: it notes the lifecycle topic's ends, reads the state topic to *its* ends as they are
 * after that, and begins at the noted ends. A record is on the state topic before the events that it reflects are on theirs, so
 * nothing is missing; what comes twice the consumer knows by its sequence.
 *
 * Members that join at the same time may all do it: what they read is applied once, and any of their noted ends is a right one.
 */
export class KafkaBootstrap {
  private state: KafkaState | undefined;
  private done = false;
  private stopped = false;

  constructor(private readonly options: KafkaBootstrapOptions) {}

  /** Does nothing for a group that has begun. @throws whatever keeps it from being done; then it is to be called again. */
  async run(): Promise<void> {
    const { kafka, groupId, lifecycleTopic, logger } = this.options;
    if (this.done || this.stopped) return;
    if (!(await hasBegun(kafka, groupId, lifecycleTopic))) {
      const ends = await partitionEnds(kafka, lifecycleTopic);
      await this.readState();
      if (!(await hasBegun(kafka, groupId, lifecycleTopic)))
        await beginGroupAt(kafka, groupId, lifecycleTopic, ends);
      logger.info({ groupId }, 'a new group knows every tenant and begins to follow');
    }
    this.done = true;
  }

  /** Ends a reading that is under way; `run` rejects then. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.state?.subscription.stop();
  }

  private async readState(): Promise<void> {
    const { kafka, logger, groupId, stateTopic, take, onMalformed } = this.options;
    const state = new KafkaState({
      kafka,
      logger,
      topic: stateTopic,
      groupPrefix: groupId,
      reader: { take, onMalformed },
    });
    this.state = state;
    try {
      await state.start();
    } finally {
      await state.subscription.stop();
    }
  }
}
