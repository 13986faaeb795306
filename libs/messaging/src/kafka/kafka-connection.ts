import type { ChosenTopicNames } from '@tenantry/contracts';
import { Kafka, logLevel } from 'kafkajs';
import type { Logger } from '../logger.js';
import { KAFKA_BOUNDS } from './kafka-bounds.js';
import { saslOptions, tlsOptions, type KafkaSasl, type KafkaTls } from './kafka-security.js';

/** Where the brokers are, who asks, and which installation's topics are meant. */
export interface KafkaAccess {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  /** Unset: no TLS. */
  readonly tls?: KafkaTls;
  /** Unset: the brokers take anybody, or whom the client's certificate names. */
  readonly sasl?: KafkaSasl;
  /** What topics and groups begin with; default `tenantry`. */
  readonly topicPrefix?: string;
  /** Topics that are named otherwise than by the prefix. */
  readonly topicNames?: ChosenTopicNames;
}

/** How to reach the brokers, and who is told what happens. */
export interface KafkaConnection extends KafkaAccess {
  /** Shown in the brokers' logs. */
  readonly clientId: string;
  readonly logger: Logger;
}

/** A client with short, few retries of its own: whoever uses it tries again, knows the order, and reports. */
export function kafkaClient({ brokers, clientId, tls, sasl, logger }: KafkaConnection): Kafka {
  return new Kafka({
    brokers: [...brokers],
    clientId,
    ...(tls && { ssl: tlsOptions(tls) }),
    ...(sasl && { sasl: saslOptions(sasl) }),
    connectionTimeout: KAFKA_BOUNDS.connectionTimeout,
    requestTimeout: KAFKA_BOUNDS.requestTimeout,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    logLevel: logLevel.WARN,
    // Its errors come back to us as rejections and crash events and are reported there.
    logCreator:
      () =>
      ({ namespace, log }) =>
        logger.debug({ namespace, detail: log.message, error: log['error'] as unknown }, 'kafkajs reports'),
  });
}
