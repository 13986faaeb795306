import type { DataPlaneTransport } from '@tenantry/data-plane-kit/nest';
import { ConfigError, env, type ConfigOf } from '@tenantry/service';

/** The variables that say how a participant reaches the control plane. */
export const TRANSPORT = {
  embeddedTransportUrl: env.optional(env.postgresUrl('EMBEDDED_TRANSPORT_URL')),
  kafkaBrokers: env.optional(env.list('KAFKA_BROKERS')),
  kafkaTopicPrefix: env.text('KAFKA_TOPIC_PREFIX', 'tenantry', /^[a-zA-Z0-9._-]{1,60}$/),
};

/** @throws ConfigError unless exactly one transport is named. */
export function transportOf({
  embeddedTransportUrl,
  kafkaBrokers,
  kafkaTopicPrefix,
}: ConfigOf<typeof TRANSPORT>): DataPlaneTransport {
  if (kafkaBrokers && !embeddedTransportUrl)
    return { kind: 'kafka', brokers: kafkaBrokers, topicPrefix: kafkaTopicPrefix };
  if (embeddedTransportUrl && !kafkaBrokers) return { kind: 'embedded', url: embeddedTransportUrl };
  throw new ConfigError(['exactly one of KAFKA_BROKERS and EMBEDDED_TRANSPORT_URL is required']);
}
