import { Kafka, logLevel, type KafkaConfig } from 'kafkajs';
import type { Logger } from '../logger.js';

/** How to reach the brokers, and which installation's topics are meant. */
export interface KafkaConnection {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  /** Shown in the brokers' logs. */
  readonly clientId: string;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
  /** What topics and groups begin with; default `tenantry`. */
  readonly topicPrefix?: string;
  readonly logger: Logger;
}

/** A client with short, few retries of its own: whoever uses it tries again, knows the order, and reports. */
export function kafkaClient({ brokers, clientId, ssl, sasl, logger }: KafkaConnection): Kafka {
  return new Kafka({
    brokers: [...brokers],
    clientId,
    ssl,
    sasl,
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    logLevel: logLevel.WARN,
    // Its errors come back to us as rejections and crash events and are reported there.
    logCreator:
      () =>
      ({ namespace, log }) =>
        logger.debug({ namespace, detail: log.message, error: log['error'] as unknown }, 'kafkajs reports'),
  });
}
