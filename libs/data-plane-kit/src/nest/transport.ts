import {
  createEmbeddedParticipantTransport,
  createKafkaParticipantTransport,
  type Logger,
  type ParticipantTransport,
} from '@tenantry/messaging';

/** Which transport brings the lifecycle and carries the answers. */
export type DataPlaneTransport =
  | {
      readonly kind: 'embedded';
      /** The control plane's database, with this participant's own login. */ readonly url: string;
    }
  | {
      readonly kind: 'kafka';
      readonly brokers: readonly string[];
      /** Default: `tenantry`. */ readonly topicPrefix?: string;
    };

/** The transport of one participant; it connects when it is first used. */
export function createTransport(
  transport: DataPlaneTransport,
  participant: string,
  logger: Logger,
): ParticipantTransport {
  if (transport.kind === 'embedded')
    return createEmbeddedParticipantTransport({ url: transport.url, logger });
  const { brokers, topicPrefix } = transport;
  return createKafkaParticipantTransport({
    participant,
    brokers,
    clientId: participant,
    logger,
    ...(topicPrefix !== undefined && { topicPrefix }),
  });
}
