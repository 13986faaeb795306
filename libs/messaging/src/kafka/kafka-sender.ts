import { Partitioners, type ICustomPartitioner, type Kafka, type Message, type Producer } from 'kafkajs';
import type { Logger } from '../logger.js';
import { PEER_PATIENCE_MS, settledWithin } from '../settled-within.js';
import { KAFKA_BOUNDS } from './kafka-bounds.js';

/** What a message's headers and framing are reckoned at. */
const OVERHEAD_BYTES = 700;

export interface TopicMessage {
  readonly topic: string;
  readonly message: Message;
}

interface Order {
  readonly messages: readonly TopicMessage[];
  readonly settle: PromiseWithResolvers<void>;
  sent: number;
}

/**
 * Sends with an idempotent producer, every replica's acknowledgement awaited, **one request at a time**. kafkajs gives the sequence
 * numbers of a request that failed to the next one: if the broker had appended the first, it takes the second for its repetition,
 * acknowledges it and drops it. So nothing is sent beside a request that is being retried, and a producer that has failed is
 * never used again. What waits meanwhile goes out together.
 */
export class KafkaSender {
  private readonly queue: Order[] = [];
  private producer?: Producer;
  private working?: Promise<void>;
  private closed = false;
  private readonly addressed = new Set<string>();

  constructor(
    private readonly kafka: Kafka,
    private readonly logger: Logger,
  ) {}

  /** Resolves when all are durable, in this order for each key; rejects when some may not be. */
  send(messages: readonly TopicMessage[]): Promise<void> {
    if (this.closed) return Promise.reject(new Error('The sender is closed.'));
    if (messages.length === 0) return Promise.resolve();
    const order: Order = { messages, settle: Promise.withResolvers<void>(), sent: 0 };
    this.queue.push(order);
    this.working ??= this.work();
    return order.settle.promise;
  }

  /** Finishes what was handed in, as far as the brokers answer, and disconnects. */
  async close(): Promise<void> {
    this.closed = true;
    const left = Promise.resolve(this.working).then(() => this.discard());
    if (await settledWithin([left], PEER_PATIENCE_MS)) return;
    const unanswered = new Error('The sender was closed before the brokers answered.');
    for (const order of this.queue.splice(0)) order.settle.reject(unanswered);
    void this.discard();
  }

  private async work(): Promise<void> {
    while (this.queue.length > 0) {
      const { request, orders } = this.nextRequest();
      try {
        await this.sendRequest(request);
        for (const order of orders)
          if (order.sent === order.messages.length) this.finish(order, order.settle.resolve);
      } catch (error) {
        for (const order of orders) this.finish(order, () => order.settle.reject(error));
        await this.discard();
      }
    }
    // Here and not after the promise has settled: what is handed in between would wait for ever.
    this.working = undefined;
  }

  private finish(order: Order, settle: () => void): void {
    const place = this.queue.indexOf(order);
    if (place >= 0) this.queue.splice(place, 1);
    settle();
  }

  /** As much from the head of the queue as one request takes. */
  private nextRequest(): { request: TopicMessage[]; orders: Order[] } {
    const request: TopicMessage[] = [];
    const orders: Order[] = [];
    let bytes = 0;
    for (const order of this.queue) {
      while (order.sent < order.messages.length) {
        const next = order.messages[order.sent] as TopicMessage;
        bytes += OVERHEAD_BYTES + Buffer.byteLength(next.message.value ?? '');
        if (request.length > 0 && bytes > KAFKA_BOUNDS.produceBytes) return { request, orders };
        request.push(next);
        order.sent++;
        if (orders.at(-1) !== order) orders.push(order);
      }
    }
    return { request, orders };
  }

  private async sendRequest(request: readonly TopicMessage[]): Promise<void> {
    const producer = (this.producer ??= this.newProducer());
    await producer.connect();
    this.addressed.clear();
    const topics = Map.groupBy(request, ({ topic }) => topic);
    const answers = await producer.sendBatch({
      acks: -1,
      topicMessages: [...topics].map(([topic, messages]) => ({
        topic,
        messages: messages.map(({ message }) => message),
      })),
    });
    // After a change of leader kafkajs leaves out the partitions that moved to a broker which had answered before.
    const answered = new Set(answers.map(({ topicName, partition }) => `${topicName} ${partition}`));
    const missing = [...this.addressed].filter((partition) => !answered.has(partition));
    if (missing.length > 0) throw new Error(`The brokers did not acknowledge: ${missing.join(', ')}`);
  }

  private newProducer(): Producer {
    return this.kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: this.notingPartitioner,
      retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 2 },
    });
  }

  /** The Java clients' partitioner; notes which partitions a request is for. */
  private readonly notingPartitioner: ICustomPartitioner = () => {
    const partition = Partitioners.DefaultPartitioner();
    return (args) => {
      const chosen = partition(args);
      this.addressed.add(`${args.topic} ${chosen}`);
      return chosen;
    };
  };

  private async discard(): Promise<void> {
    const producer = this.producer;
    this.producer = undefined;
    await producer
      ?.disconnect()
      .catch((err: unknown) => this.logger.debug({ err }, 'producer cannot be disconnected'));
  }
}
