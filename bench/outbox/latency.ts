import { topicNames } from '@tenantry/contracts';
import { pgExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import {
  createKafkaControlPlaneTransport,
  createKafkaParticipantTransport,
  Outbox,
  Relay,
} from '@tenantry/messaging';
import type { Message } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';
import { quietPool, requestOf, type Backlog } from './backlog.ts';
import { createTopic, idempotentProducer, QUIET, rawConsumer, rawKafka } from './kafka.ts';

const WARM_UP = 50;
/** Between two events, so that each finds a quiet system. */
const PAUSE_MS = [15, 40] as const;
const PATIENCE_MS = 10_000;

/** Milliseconds, a value for each event. */
export interface Latency {
  /** From the end of the commit to the consumer's handler. */
  readonly relay: number[];
  /** From produce to handler with kafkajs alone. */
  readonly raw: number[];
}

/** One event at a time through outbox, relay and consumer; and one message at a time through kafkajs, in turns. */
export async function measureLatency(
  backlog: Backlog,
  brokers: readonly string[],
  samples: number,
): Promise<Latency> {
  const product = await viaRelay(backlog, brokers);
  const raw = await viaKafkajs(brokers);
  const latency: Latency = { relay: [], raw: [] };
  for (let n = 0; n < samples + WARM_UP; n++) {
    const relayMs = await product.once();
    await quiet();
    const rawMs = await raw.once();
    await quiet();
    if (n < WARM_UP) continue;
    latency.relay.push(relayMs);
    latency.raw.push(rawMs);
  }
  await product.stop();
  await raw.stop();
  return latency;
}

interface Way {
  /** Sends one and answers how long it took to the handler. */
  once(): Promise<number>;
  stop(): Promise<void>;
}

async function viaRelay(backlog: Backlog, brokers: readonly string[]): Promise<Way> {
  const topicPrefix = `bench-${process.pid}-latency`;
  const connection = { brokers, topicPrefix, clientId: 'bench', logger: QUIET };
  const pool = quietPool(backlog.controlUrl, 10);
  const control = createKafkaControlPlaneTransport(connection);
  await control.prepare([]);
  const service = createKafkaParticipantTransport({ ...connection, participant: 'bench' });
  const arrivals = new Arrivals();
  await service.consumeLifecycle({
    group: 'bench',
    handler: async ({ subject }) => arrivals.came(subject),
    onMalformed: async () => undefined,
  });
  const relay = new Relay({ pool, transport: control, logger: QUIET });
  relay.start();
  const outbox = new Outbox();
  return {
    once: async () => {
      const tenantId = newId();
      const arrival = arrivals.of(tenantId);
      const client = await pool.connect();
      await client.query('BEGIN');
      await outbox.enqueueTx(pgExecutor(client), [requestOf(tenantId, 1n)]);
      await client.query('COMMIT');
      const committedAt = performance.now();
      // As the control plane does after each commit of its own.
      relay.wake();
      client.release();
      return Math.max(0, (await arrival) - committedAt);
    },
    stop: async () => {
      await relay.stop();
      await service.close();
      await control.close();
      await pool.end();
    },
  };
}

/** With as many headers and as long a value as an event has. */
async function viaKafkajs(brokers: readonly string[]): Promise<Way> {
  const kafka = rawKafka(brokers);
  const topic = `${topicNames(`bench-${process.pid}-latency`).lifecycle}.raw`;
  await createTopic(kafka, topic);
  const arrivals = new Arrivals();
  const consumer = await rawConsumer(kafka, topic, true, ({ key }) => arrivals.came(String(key)));
  const producer = await idempotentProducer(kafka);
  return {
    once: async () => {
      const key = newId();
      const message = messageLike(key);
      const arrival = arrivals.of(key);
      const sentAt = performance.now();
      await producer.send({ topic, acks: -1, messages: [message] });
      return (await arrival) - sentAt;
    },
    stop: async () => {
      await producer.disconnect();
      await consumer.disconnect();
    },
  };
}

function messageLike(key: string): Message {
  const { type, traceparent, data } = requestOf(key, 1n);
  const headers = {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: newId(),
    ce_source: '/tenantry/control-plane',
    ce_type: type,
    ce_time: new Date().toISOString(),
    ce_subject: key,
    ce_tenantid: key,
    ce_tenantseq: '1',
    ce_generation: '1',
    traceparent,
  };
  return { key, value: JSON.stringify(data), headers };
}

/** When each key came to the handler. */
class Arrivals {
  private readonly waiting = new Map<string, (at: number) => void>();

  of(key: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${key} did not come`)), PATIENCE_MS);
      this.waiting.set(key, (at) => {
        clearTimeout(late);
        resolve(at);
      });
    });
  }

  came(key: string): void {
    this.waiting.get(key)?.(performance.now());
    this.waiting.delete(key);
  }
}

function quiet(): Promise<void> {
  const [least, most] = PAUSE_MS;
  return delay(least + Math.random() * (most - least));
}
