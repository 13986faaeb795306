import { backoffMs, type Backoff } from '@tenantry/kernel';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { InFlight } from '../in-flight.js';
import type { Logger } from '../logger.js';
import { pause } from '../pause.js';

const BACKOFF: Backoff = { baseMs: 500, maxMs: 30_000 };
/** How often the group is told that this member lives, while a handler runs; kafkajs leaves out those that are too early. */
const HEARTBEAT_MS = 1_000;
const MESSAGES_PER_COMMIT = 100;

export interface BatchDelivery {
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Where the handlers run. */
  readonly handling: InFlight;
  readonly deliver: (topic: string, message: KafkaMessage) => Promise<void>;
}

/**
 * Delivers a batch in order and commits what was handled. A message that is rejected is delivered again, after a back-off, before
 * anything behind it in its partition. A rebalance or a stop ends it between two messages; what is not handled by then comes again.
 */
export async function deliverBatch(payload: EachBatchPayload, delivery: BatchDelivery): Promise<void> {
  const { batch, resolveOffset, commitOffsetsIfNecessary, uncommittedOffsets } = payload;
  const membership = new Membership(payload, delivery.signal);
  let uncommitted = 0;
  try {
    for (const message of batch.messages) {
      if (!(await deliverUntilHandled(batch.topic, message, delivery, membership))) break;
      resolveOffset(message.offset);
      if (++uncommitted < MESSAGES_PER_COMMIT) continue;
      await commitOffsetsIfNecessary(uncommittedOffsets());
      uncommitted = 0;
    }
  } finally {
    membership.end();
    if (uncommitted > 0) await commitOffsetsIfNecessary(uncommittedOffsets());
  }
  if (membership.lost) throw membership.lost;
}

/** Answers false when this member must not go on. */
async function deliverUntilHandled(
  topic: string,
  message: KafkaMessage,
  delivery: BatchDelivery,
  membership: Membership,
): Promise<boolean> {
  for (let attempt = 1; membership.active; attempt++) {
    try {
      await delivery.handling.run(() => delivery.deliver(topic, message));
      return true;
    } catch (err) {
      const delayMs = backoffMs(BACKOFF, attempt);
      delivery.logger.warn(
        { err, topic, offset: message.offset, attempt, delayMs },
        'message is delivered again later',
      );
      await pause(delayMs, membership.signal);
    }
  }
  return false;
}

/** Keeps this member in the group while its handlers run, and knows when it is no longer. */
class Membership {
  lost?: Error;
  readonly signal: AbortSignal;
  private readonly left = new AbortController();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly payload: EachBatchPayload,
    stopped: AbortSignal,
  ) {
    this.signal = AbortSignal.any([stopped, this.left.signal]);
    this.timer = setInterval(() => void this.beat(), HEARTBEAT_MS);
  }

  get active(): boolean {
    return !this.signal.aborted && this.payload.isRunning() && !this.payload.isStale();
  }

  end(): void {
    clearInterval(this.timer);
  }

  private async beat(): Promise<void> {
    try {
      await this.payload.heartbeat();
    } catch (error) {
      this.lost ??= error instanceof Error ? error : new Error(String(error));
      this.left.abort();
      this.end();
    }
  }
}
