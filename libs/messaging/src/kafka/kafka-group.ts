import type { Kafka } from 'kafkajs';
import { withAdmin } from './kafka-topics.js';

/** Whether the group has noted how far it is with the topic. */
export function hasBegun(kafka: Kafka, groupId: string, topic: string): Promise<boolean> {
  return withAdmin(kafka, async (admin) => {
    const topics = await admin.fetchOffsets({ groupId, topics: [topic] });
    return topics.some(({ partitions }) => partitions.some(({ offset }) => Number(offset) >= 0));
  });
}

/** The offset behind the last message of every partition, empty ones too. */
export function partitionEnds(kafka: Kafka, topic: string): Promise<Map<number, string>> {
  return withAdmin(kafka, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, high }) => [partition, high]));
  });
}

/** Has a group without members read on from these offsets. @throws when it has members. */
export function beginGroupAt(
  kafka: Kafka,
  groupId: string,
  topic: string,
  offsets: ReadonlyMap<number, string>,
): Promise<void> {
  const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset }));
  return withAdmin(kafka, (admin) => admin.setOffsets({ groupId, topic, partitions }));
}
