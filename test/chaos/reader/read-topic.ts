import { waitFor } from '@tenantry/testing/servers';
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs';
import type { TopicMessage } from './evidence.ts';

const PATIENCE_MS = 60_000;

/** Reads a topic from its beginning to where it ends now, each partition in its order. */
export async function readTopic(brokers: string, topic: string): Promise<TopicMessage[]> {
  const kafka = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId: `chaos-reader-${randomUUID()}` });
  const messages: TopicMessage[] = [];
  try {
    await admin.connect();
    const ends = new Map(
      (await admin.fetchTopicOffsets(topic))
        .filter(({ low, high }) => Number(high) > Number(low))
        .map(({ partition, high }) => [partition, Number(high)]),
    );
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachBatch: async ({ batch }) => {
        for (const message of batch.messages) messages.push(read(batch.partition, message));
        // The batch and not its last message: compaction leaves holes.
        if (Number(batch.lastOffset()) + 1 >= (ends.get(batch.partition) ?? 0)) ends.delete(batch.partition);
      },
    });
    await waitFor(`the end of ${topic}`, () => ends.size === 0, PATIENCE_MS);
    return messages;
  } finally {
    await Promise.allSettled([consumer.disconnect(), admin.disconnect()]);
  }
}

function read(partition: number, { key, headers }: KafkaMessage): TopicMessage {
  const header = (name: string): string => headers?.[name]?.toString() ?? '';
  return {
    partition,
    tenant: key?.toString() ?? '',
    seq: Number(header('ce_tenantseq')),
    id: header('ce_id'),
    type: header('ce_type'),
  };
}
