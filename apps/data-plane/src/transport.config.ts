import type { DataPlaneTransport } from '@tenantry/data-plane-kit/nest';
import { ConfigError, env, KAFKA_VARIABLES, kafkaSettings, type ConfigOf } from '@tenantry/service';

/** The variables that say how a participant reaches the control plane. */
export const TRANSPORT = {
  embeddedTransportUrl: env.optional(env.postgresUrl('EMBEDDED_TRANSPORT_URL')),
  ...KAFKA_VARIABLES,
};

/** @throws ConfigError unless exactly one transport is named. */
export function transportOf(config: ConfigOf<typeof TRANSPORT>): DataPlaneTransport {
  const kafka = kafkaSettings(config);
  const { embeddedTransportUrl: url } = config;
  if (kafka && !url) return { kind: 'kafka', ...kafka };
  if (url && !kafka) return { kind: 'embedded', url };
  throw new ConfigError(['exactly one of KAFKA_BROKERS and EMBEDDED_TRANSPORT_URL is required']);
}
