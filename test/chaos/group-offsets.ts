import { Kafka, logLevel } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';

const GIVE_UP_MS = 120_000;

/**
 * Sets a consumer group back by so many messages in each partition of a topic, so that they are delivered once more. The broker
 * refuses while the group has members; those that were killed stay in it until their session has ended.
 *
 * @returns how many messages are delivered again.
 */
export async function setGroupBack(
  brokers: string,
  groupId: string,
  topic: string,
  back: number,
): Promise<number> {
  const deadline = performance.now() + GIVE_UP_MS;
  for (;;) {
    // A new one each time: one whose broker went away finds none any more, although it is back.
    const admin = new Kafka({
      brokers: [brokers],
      logLevel: logLevel.NOTHING,
      retry: { retries: 1 },
    }).admin();
    try {
      await admin.connect();
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      const partitions = (found?.partitions ?? [])
        .filter(({ offset }) => Number(offset) > 0)
        .map(({ partition, offset }) => ({
          partition,
          from: Number(offset),
          to: Math.max(0, Number(offset) - back),
        }));
      if (partitions.length === 0) return 0;
      await admin.setOffsets({
        groupId,
        topic,
        partitions: partitions.map(({ partition, to }) => ({ partition, offset: String(to) })),
      });
      return partitions.reduce((sum, { from, to }) => sum + from - to, 0);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(1000);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
}
