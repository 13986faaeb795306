import { Kafka, logLevel, type Consumer, type Message, type Producer } from 'kafkajs';
import type { Logger } from '@tenantry/messaging';
import { waitFor } from '@tenantry/testing';

export const PARTITIONS = 12;

/** A bench says what it finds, and nothing else. */
export const QUIET: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** kafkajs and nothing else, with the settings that the relay uses. */
export function rawKafka(brokers: readonly string[]): Kafka {
  return new Kafka({ brokers: [...brokers], clientId: 'bench', logLevel: logLevel.NOTHING });
}

export async function createTopic(kafka: Kafka, topic: string): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  // kafkajs waits for the leaders, but not when the broker that it asks has not heard of the topic yet.
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: false });
  await waitFor(`the leaders of ${topic}`, () =>
    admin.fetchTopicOffsets(topic).then(
      ({ length }) => length === PARTITIONS,
      () => false,
    ),
  );
  await admin.disconnect();
}

export async function idempotentProducer(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({ idempotent: true, allowAutoTopicCreation: false });
  await producer.connect();
  return producer;
}

/** A consumer that hands on each message of the topic as it comes; resolves when it has its partitions. */
export async function rawConsumer(
  kafka: Kafka,
  topic: string,
  fromBeginning: boolean,
  onMessage: (message: Message) => void,
): Promise<Consumer> {
  const consumer = kafka.consumer({ groupId: `${topic}.${process.pid}.raw`, maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning });
  const joined = new Promise<void>((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => resolve());
  });
  await consumer.run({ eachMessage: async ({ message }) => onMessage(message) });
  await joined;
  return consumer;
}

/** The first messages of a topic, as they were produced. */
export async function messagesOf(kafka: Kafka, topic: string, count: number): Promise<Message[]> {
  const messages: Message[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const consumer = await rawConsumer(kafka, topic, true, ({ key, value, headers }) => {
    const texts = Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)] as const);
    messages.push({ key: String(key), value: String(value), headers: Object.fromEntries(texts) });
    if (messages.length >= count) resolve();
  });
  await promise;
  await consumer.disconnect();
  return messages.slice(0, count);
}
