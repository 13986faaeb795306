import type { AsyncApiDocument } from '@tenantry/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { Kafka, logLevel } from 'kafkajs';
import { randomUUID } from 'node:crypto';

// ajv-formats is CommonJS whose default export is the module object under nodenext.
const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => void;

interface Said {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: unknown;
}

/** What stands on a participant's topic, read by nothing but a Kafka client. */
export class AnsweredMessages {
  private constructor(private readonly messages: readonly Said[]) {}

  /** Reads the topic from its beginning to where it ends now. */
  static async read(brokers: string, topic: string): Promise<AnsweredMessages> {
    const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    const missing = new Map(
      ends
        .filter(({ low, high }) => BigInt(high) > BigInt(low))
        .map(({ partition, high }) => [partition, BigInt(high)]),
    );
    const messages: Said[] = [];
    if (missing.size === 0) return new AnsweredMessages(messages);
    const consumer = kafka.consumer({ groupId: `test-${randomUUID()}`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    try {
      await consumer.subscribe({ topic, fromBeginning: true });
      await new Promise<void>((resolve, reject) => {
        consumer.on(consumer.events.CRASH, ({ payload }) => {
          if (!payload.restart) reject(payload.error);
        });
        void consumer
          .run({
            eachMessage: async ({ partition, message: { key, value, headers, offset } }) => {
              messages.push({
                key: key?.toString() ?? '',
                headers: Object.fromEntries(
                  Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)]),
                ),
                payload: JSON.parse(value?.toString() ?? 'null'),
              });
              const end = missing.get(partition);
              if (end !== undefined && BigInt(offset) + 1n >= end) missing.delete(partition);
              if (missing.size === 0) resolve();
            },
          })
          .catch(reject);
      });
    } finally {
      await consumer.disconnect();
    }
    return new AnsweredMessages(messages);
  }

  ofType(type: string): readonly Said[] {
    return this.messages.filter(({ headers }) => headers['ce_type'] === type);
  }

  /** Whatever is not as the document describes it, in words. */
  problems(document: AsyncApiDocument): readonly string[] {
    const ajv = new Ajv2020({ allErrors: true });
    addFormats(ajv);
    const { messages } = document.components;
    const checks = Object.fromEntries(
      Object.entries(messages).map(([type, { headers, payload }]) => [
        type,
        { headers: ajv.compile(headers), payload: ajv.compile(payload) },
      ]),
    );
    return this.messages.flatMap(({ key, headers, payload }) => {
      const type = headers['ce_type'] ?? '';
      const check = checks[type];
      if (!check) return [`there is no message ${type}`];
      return [
        ...(check.headers(headers) ? [] : [`${type}, headers: ${ajv.errorsText(check.headers.errors)}`]),
        ...(check.payload(payload) ? [] : [`${type}, payload: ${ajv.errorsText(check.payload.errors)}`]),
        ...(key === headers['ce_subject'] ? [] : [`${type}: the key ${key} is not the subject`]),
      ];
    });
  }
}
