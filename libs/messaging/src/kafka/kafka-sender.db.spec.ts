import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import { Kafka, logLevel, type Admin, type ISocketFactory } from 'kafkajs';
import { connect } from 'node:net';
import { KafkaSender } from './kafka-sender.js';

const PRODUCE = 0;
const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const brokers = (process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092').split(',');
const onKafka =
  process.env['KAFKA_BROKERS'] || process.env['REQUIRE_KAFKA'] === '1' ? describe : describe.skip;

onKafka('KafkaSender', () => {
  const topic = `test-sender-${newId()}`;
  /** How many answers to produce requests are still to be lost after the broker has appended. */
  let losses = 0;
  let admin: Admin;
  let sender: KafkaSender;

  /** A socket that breaks when the answer to a doomed request arrives. */
  const lossySocket: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    const write = socket.write.bind(socket);
    const emit = socket.emit.bind(socket);
    let doomed = false;
    socket.write = (request: Buffer, ...rest: []) => {
      // Behind the size comes the kind of request.
      if (losses > 0 && request.readInt16BE(4) === PRODUCE) {
        losses--;
        doomed = true;
      }
      return write(request, ...rest);
    };
    socket.emit = ((event: string, ...rest: unknown[]) => {
      if (event !== 'data' || !doomed) return emit(event, ...rest);
      socket.destroy(new Error('the answer was lost'));
      return true;
    }) as typeof socket.emit;
    return socket;
  };

  const kafka = new Kafka({
    brokers,
    logLevel: logLevel.NOTHING,
    socketFactory: lossySocket,
    retry: { initialRetryTime: 50, retries: 3 },
  });

  beforeAll(async () => {
    admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  });

  afterAll(async () => {
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  });

  beforeEach(() => {
    sender = new KafkaSender(kafka, logger);
  });

  afterEach(async () => {
    await sender.close();
  });

  const messages = (count: number, size = 1) =>
    Array.from({ length: count }, () => ({ topic, message: { key: 'tenant', value: 'x'.repeat(size) } }));

  const appended = async (work: () => Promise<unknown>): Promise<number> => {
    const end = async () => Number((await admin.fetchTopicOffsets(topic))[0]?.high);
    const before = await end();
    await work();
    return (await end()) - before;
  };

  it('appends once although an answer was lost', async () => {
    losses = 1;
    expect(await appended(() => sender.send(messages(3)))).toBe(3);
  });

  it('does not lose what is sent after, or beside, a request that failed', async () => {
    await sender.send(messages(1));
    losses = 3;
    const count = await appended(async () => {
      const failing = sender.send(messages(3));
      const beside = sender.send(messages(3));
      await expect(failing).rejects.toThrow();
      await beside.catch(() => sender.send(messages(3)));
      await sender.send(messages(3));
    });
    // The failed three were appended, which nobody knew; the other six must have been as well.
    expect(count).toBeGreaterThanOrEqual(9);
  });

  it('splits what is too much for one request', async () => {
    expect(await appended(() => sender.send(messages(12, 200_000)))).toBe(12);
  });

  it('sends what is handed in the moment that a send resolves', async () => {
    const count = await appended(async () => {
      for (let n = 0; n < 20; n++) await sender.send(messages(1));
    });
    expect(count).toBe(20);
  });

  it('refuses after it was closed', async () => {
    await sender.close();
    await expect(sender.send(messages(1))).rejects.toThrow('closed');
  });
});
