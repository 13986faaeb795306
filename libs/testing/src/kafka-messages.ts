import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { waitFor } from './wait-for.js';

/** Where the topics of an installation are. */
export interface KafkaPlace {
  readonly brokers: string;
  /** What its topics begin with. */
  readonly topicPrefix: string;
}

/**
 * Everything that the topics of an installation hold at this moment, a text for each message: its topic, key, headers and value.
 *
 * @throws Error when it could not be read to the end in time.
 */
export async function kafkaMessages({ brokers, topicPrefix }: KafkaPlace): Promise<string[]> {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId: `${topicPrefix}-reader-${randomUUID()}` });
  const found: string[] = [];
  try {
    await admin.connect();
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${topicPrefix}.`));
    const ends = new Map<string, number>();
    for (const topic of topics)
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
        if (Number(high) > Number(low)) ends.set(`${topic}/${partition}`, Number(high));
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      eachBatch: async ({ batch }) => {
        const { topic, partition } = batch;
        for (const { key, value, headers } of batch.messages)
          found.push([topic, String(key), JSON.stringify(textOf(headers)), String(value)].join(' '));
        if (Number(batch.lastOffset()) + 1 >= (ends.get(`${topic}/${partition}`) ?? 0))
          ends.delete(`${topic}/${partition}`);
      },
    });
    await waitFor('every message to be read', () => ends.size === 0, 30_000);
  } finally {
    await Promise.allSettled([consumer.disconnect(), admin.disconnect()]);
  }
  return found;
}

function textOf(headers: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
