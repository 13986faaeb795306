import { topicNames } from '@tenantry/contracts';
import { createKafkaControlPlaneTransport, Relay } from '@tenantry/messaging';
import { waitFor } from '@tenantry/testing';
import type { Message } from 'kafkajs';
import { median } from '../statistics.ts';
import type { Say } from '../report.ts';
import { quietPool, type Backlog } from './backlog.ts';
import { createTopic, idempotentProducer, messagesOf, QUIET, rawKafka } from './kafka.ts';

const PATIENCE_MS = 120_000;

export interface Throughput {
  /** Events a second, of each repeat. */
  readonly relay: readonly number[];
  readonly raw: readonly number[];
  readonly batchSize: number;
}

/**
 * The relay with a backlog against kafkajs alone with the very messages that the relay sent, read back from the topic. kafkajs sends
 * batches of the relay's size, each when the one before is acknowledged. Relay and kafkajs take turns; the first turn of
 * each is not counted.
 */
export async function measureThroughput(
  backlog: Backlog,
  brokers: readonly string[],
  options: { readonly events: number; readonly repeats: number; readonly batchSize: number },
  say: Say,
): Promise<Throughput> {
  const { events, repeats, batchSize } = options;
  const topicPrefix = `bench-${process.pid}`;
  const topics = { relay: topicNames(topicPrefix).lifecycle, raw: `${topicPrefix}.raw` };
  const kafka = rawKafka(brokers);
  await createTopic(kafka, topics.raw);
  let messages: Message[] = [];
  const rates = { relay: [] as number[], raw: [] as number[] };
  for (let turn = 0; turn <= repeats; turn++) {
    if (turn > 0) await backlog.refill();
    const relay = await relayRate(backlog, brokers, topicPrefix, events, batchSize);
    if (turn === 0) {
      messages = await messagesOf(kafka, topics.relay, events);
      checkOrder(messages);
    }
    const raw = await rawRate(brokers, topics.raw, messages, batchSize);
    say(`relay ${relay.toFixed(0)}/s, kafkajs ${raw.toFixed(0)}/s${turn === 0 ? ' (not counted)' : ''}`);
    if (turn > 0) {
      rates.relay.push(relay);
      rates.raw.push(raw);
    }
  }
  return { ...rates, batchSize };
}

/** Medians, and their ratio. */
export function throughputRatio({ relay, raw }: Throughput): number {
  return median(relay) / median(raw);
}

async function relayRate(
  backlog: Backlog,
  brokers: readonly string[],
  topicPrefix: string,
  events: number,
  batchSize: number,
): Promise<number> {
  const pool = quietPool(backlog.controlUrl, 10);
  const transport = createKafkaControlPlaneTransport({
    brokers,
    clientId: 'bench-relay',
    topicPrefix,
    logger: QUIET,
  });
  await transport.prepare([]);
  let sent = 0;
  const { promise: allSent, resolve } = Promise.withResolvers<void>();
  const relay = new Relay({
    pool,
    logger: QUIET,
    batchSize,
    transport: {
      publish: async (messages) => {
        await transport.publish(messages);
        sent += messages.length;
        if (sent >= events) resolve();
      },
    },
  });
  const startedAt = performance.now();
  relay.start();
  await allSent;
  await waitFor('an empty outbox', () => backlog.isEmpty(), PATIENCE_MS);
  const seconds = (performance.now() - startedAt) / 1000;
  await relay.stop();
  await transport.close();
  await pool.end();
  return events / seconds;
}

async function rawRate(
  brokers: readonly string[],
  topic: string,
  messages: readonly Message[],
  batchSize: number,
): Promise<number> {
  const producer = await idempotentProducer(rawKafka(brokers));
  const startedAt = performance.now();
  for (let from = 0; from < messages.length; from += batchSize)
    await producer.send({ topic, acks: -1, messages: messages.slice(from, from + batchSize) });
  const seconds = (performance.now() - startedAt) / 1000;
  await producer.disconnect();
  return messages.length / seconds;
}

/** A rate counts only if everything has come, each tenant's in order. */
function checkOrder(messages: readonly Message[]): void {
  const last = new Map<string, bigint>();
  for (const { key, headers } of messages) {
    const tenant = String(key);
    const seq = BigInt(String(headers?.['ce_tenantseq']));
    if (seq !== (last.get(tenant) ?? 0n) + 1n)
      throw new Error(`tenant ${tenant}: ${seq} came after ${last.get(tenant) ?? 'nothing'}`);
    last.set(tenant, seq);
  }
}
