import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { waitFor } from './wait-for.js';

const START_TIMEOUT_MS = 90_000;
const ROUND_TRIP_TIMEOUT_MS = 10_000;
const TOPIC = 'tenantry-probe';

/**
 * Returns once a message was produced to and consumed from these brokers. Just after a start a broker accepts
 * connections but its group coordinator is still loading, which is of no use to a test.
 */
export async function untilMessagesPass(brokers: string): Promise<void> {
  await waitFor(
    `messages to pass through Kafka at ${brokers}`,
    () => roundTrip(brokers).then(() => true),
    START_TIMEOUT_MS,
  );
}

async function roundTrip(brokers: string): Promise<void> {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING, retry: { retries: 2 } });
  const sent = randomUUID();
  const admin = kafka.admin();
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: `tenantry-probe-${sent}`, retry: { retries: 2 } });
  let received = false;
  try {
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1 }], waitForLeaders: true });
    await producer.connect();
    await producer.send({ topic: TOPIC, messages: [{ value: sent }] });
    await consumer.connect();
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        received ||= message.value?.toString() === sent;
      },
    });
    await waitFor('the probe message', () => received, ROUND_TRIP_TIMEOUT_MS);
  } finally {
    await Promise.allSettled([consumer.disconnect(), producer.disconnect(), admin.disconnect()]);
  }
}
