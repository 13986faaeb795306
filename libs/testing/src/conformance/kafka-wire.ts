import { STATE_RECORD_TYPE, topicNames, type Envelope } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { saslOptions, tlsOptions, type KafkaAccess } from '@tenantry/messaging';
import {
  Kafka,
  Partitioners,
  logLevel,
  type Admin,
  type Consumer,
  type Message,
  type Producer,
} from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';
import { binaryMessage, headerOf, heardFrom, MARK, structuredMessage } from './kafka-message.js';
import { malformedMessages } from './kafka-malformed.js';
import { ForeignTenants, type Heard, type Wire } from './wire.js';

/** More than one, so that the order is only a tenant's; few, so that tenants meet. */
const PARTITIONS = 3;
/** A participant that is not there; whatever is on its topic, another has written. */
const ABSENT = 'tenantry-conformance-absent';
const SOURCE = '/tenantry/control-plane';
const ATTEMPTS = 40;
const RETRY_MS = 250;

export interface KafkaWireOptions extends Pick<KafkaAccess, 'tls' | 'sasl'> {
  readonly brokers: string;
  readonly topicPrefix: string;
  readonly participant: string;
  readonly allowForeignTenants: boolean;
  /** Whether the topics go when the run is over. */
  readonly removeTopics: boolean;
}

/** A control plane's side of Kafka, on topics of its own. */
export class KafkaWire implements Wire {
  readonly transport = 'kafka';
  readonly environment: Readonly<Record<string, string>>;
  private readonly kafka: Kafka;
  private readonly admin: Admin;
  private readonly producer: Producer;
  private readonly consumer: Consumer;
  private readonly topics;
  private readonly sent = new Map<string, number>();
  private readonly partitionOf = Partitioners.DefaultPartitioner();
  private startOffsets = new Map<string, bigint>();
  private sending: Promise<unknown> = Promise.resolve();
  private opened = false;

  constructor(private readonly options: KafkaWireOptions) {
    const { brokers, topicPrefix, participant, tls, sasl } = options;
    this.environment = { KAFKA_BROKERS: brokers, KAFKA_TOPIC_PREFIX: topicPrefix };
    this.kafka = new Kafka({
      brokers: brokers.split(','),
      clientId: 'tenantry-conformance',
      ...(tls && { ssl: tlsOptions(tls) }),
      ...(sasl && { sasl: saslOptions(sasl) }),
      logLevel: logLevel.NOTHING,
    });
    this.admin = this.kafka.admin();
    this.producer = this.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    this.consumer = this.kafka.consumer({
      groupId: `${topicPrefix}._conformance.${newId()}`,
      maxWaitTimeInMs: 100,
    });
    const names = topicNames(topicPrefix);
    this.topics = {
      lifecycle: names.lifecycle,
      state: names.state,
      parked: names.parked,
      own: names.acknowledgements(participant),
      absent: names.acknowledgements(ABSENT),
    };
  }

  async open(onHeard: (heard: Heard) => void): Promise<void> {
    await this.admin.connect();
    const existing = new Set(await this.admin.listTopics());
    for (const topic of [this.topics.lifecycle, this.topics.state])
      if (existing.has(topic) && !this.options.allowForeignTenants) await this.refuseForeign(topic);
    const missing = Object.values(this.topics).filter((topic) => !existing.has(topic));
    if (missing.length > 0)
      await this.admin.createTopics({
        // kafkajs waits for them, but not when the broker that it asks has not heard of the topic yet.
        waitForLeaders: false,
        topics: missing.map((topic) => ({
          topic,
          numPartitions: PARTITIONS,
          configEntries: [
            { name: 'cleanup.policy', value: topic === this.topics.state ? 'compact' : 'delete' },
          ],
        })),
      });
    this.startOffsets = await this.ends();
    await this.producer.connect();
    await this.consumer.connect();
    await this.consumer.subscribe({ topics: [this.topics.own, this.topics.absent], fromBeginning: true });
    await this.consumer.run({
      eachMessage: async ({ topic, partition, message }) => {
        // An earlier run on the same topics is not this one's to judge.
        if (BigInt(message.offset) < (this.startOffsets.get(`${topic} ${partition}`) ?? 0n)) return;
        onHeard(heardFrom(topic === this.topics.own ? this.options.participant : ABSENT, message));
      },
    });
    this.opened = true;
  }

  publish(events: readonly Envelope[]): Promise<void> {
    return this.send(this.topics.lifecycle, events.map(binaryMessage));
  }

  publishState(record: { readonly tenantId: string }, tenantSeq: string): Promise<void> {
    const envelope: Envelope = {
      id: newId(),
      source: SOURCE,
      type: STATE_RECORD_TYPE,
      time: new Date().toISOString(),
      subject: record.tenantId,
      tenantSeq,
      data: record,
    };
    return this.send(this.topics.state, [binaryMessage(envelope)]);
  }

  publishStructured(event: Envelope): Promise<void> {
    return this.send(this.topics.lifecycle, [structuredMessage(event)]);
  }

  malformed(tenantId: string, nextSeq: () => string) {
    return malformedMessages(tenantId, nextSeq).map(({ what, message }) => ({
      what,
      send: () => this.send(this.topics.lifecycle, [message]),
    }));
  }

  neighbour(tenantId: string): string {
    for (;;) {
      const id = newId();
      if (this.partition(id) === this.partition(tenantId)) return id;
    }
  }

  async pause(): Promise<void> {
    this.consumer.pause([{ topic: this.topics.own }]);
  }

  async resume(): Promise<void> {
    this.consumer.resume([{ topic: this.topics.own }]);
  }

  async trespasses(): Promise<readonly string[]> {
    await this.sending;
    const ends = await this.ends();
    const found: string[] = [];
    for (const topic of Object.values(this.topics)) {
      if (topic === this.topics.own) continue;
      let written = 0n;
      for (const [place, end] of ends)
        if (place.startsWith(`${topic} `)) written += end - (this.startOffsets.get(place) ?? 0n);
      const foreign = written - BigInt(this.sent.get(topic) ?? 0);
      if (foreign > 0n) found.push(`${foreign} messages on topic ${topic}`);
    }
    return found;
  }

  async close(): Promise<void> {
    await this.sending;
    await this.consumer.disconnect();
    await this.producer.disconnect();
    if (this.opened && this.options.removeTopics)
      await this.admin.deleteTopics({ topics: Object.values(this.topics) }).catch(() => undefined);
    await this.admin.disconnect();
  }

  /** One request at a time: kafkajs may otherwise change their order when it repeats one. */
  private send(topic: string, messages: Message[]): Promise<void> {
    const sending = this.sending.then(async () => {
      if (messages.length === 0) return;
      await this.producer.send({ topic, messages, acks: -1 });
      this.sent.set(topic, (this.sent.get(topic) ?? 0) + messages.length);
    });
    this.sending = sending.catch(() => undefined);
    return sending;
  }

  private partition(key: string): number {
    const partitionMetadata = Array.from({ length: PARTITIONS }, (_, partitionId) => ({
      partitionErrorCode: 0,
      partitionId,
      leader: 0,
      replicas: [],
      isr: [],
    }));
    return this.partitionOf({
      topic: this.topics.lifecycle,
      partitionMetadata,
      message: { key, value: null },
    });
  }

  /** By `topic partition`. */
  private async ends(): Promise<Map<string, bigint>> {
    const ends = new Map<string, bigint>();
    for (const topic of Object.values(this.topics))
      for (const { partition, high } of await patiently(() => this.admin.fetchTopicOffsets(topic)))
        ends.set(`${topic} ${partition}`, BigInt(high));
    return ends;
  }

  /** Reads the topic from its beginning; the first message without our mark ends it. */
  private async refuseForeign(topic: string): Promise<void> {
    const waiting = new Map<number, bigint>();
    for (const { partition, low, high } of await this.admin.fetchTopicOffsets(topic))
      if (BigInt(high) > BigInt(low)) waiting.set(partition, BigInt(high));
    if (waiting.size === 0) return;
    const reader = this.kafka.consumer({
      groupId: `${this.options.topicPrefix}._conformance.${newId()}`,
      maxWaitTimeInMs: 100,
    });
    const looked = Promise.withResolvers<boolean>();
    try {
      await reader.connect();
      await reader.subscribe({ topic, fromBeginning: true });
      await reader.run({
        eachBatchAutoResolve: true,
        eachBatch: async ({ batch }) => {
          if (batch.messages.some(({ headers }) => headerOf(headers, MARK) === undefined))
            return looked.resolve(true);
          if (BigInt(batch.lastOffset()) + 1n >= (waiting.get(batch.partition) ?? 0n))
            waiting.delete(batch.partition);
          if (waiting.size === 0) looked.resolve(false);
        },
      });
      if (await looked.promise) throw new ForeignTenants(`Topic ${topic}`);
    } finally {
      await reader.disconnect();
    }
  }
}

/** Brokers learn of a new topic one after the other, and deny it meanwhile. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const retriable = error instanceof Error && 'retriable' in error && error.retriable === true;
      if (!retriable || attempt >= ATTEMPTS) throw error;
      await pause(RETRY_MS);
    }
  }
}
