import {
  createEmbeddedParticipantTransport,
  createKafkaParticipantTransport,
  type KafkaAccess,
  type Logger,
  type ParticipantTransport,
  type TopicSettings,
} from '@tenantry/messaging';

/** Which transport brings the lifecycle and carries the answers. */
export type DataPlaneTransport =
  | {
      readonly kind: 'embedded';
      /** The control plane's database, with this participant's own login. */ readonly url: string;
    }
  | ({ readonly kind: 'kafka' } & KafkaAccess & Partial<TopicSettings>);

/** The transport of one participant; it connects when it is first used. */
export function createTransport(
  transport: DataPlaneTransport,
  participant: string,
  logger: Logger,
): ParticipantTransport {
  if (transport.kind === 'embedded')
    return createEmbeddedParticipantTransport({ url: transport.url, logger });
  const { kind: _, ...kafka } = transport;
  return createKafkaParticipantTransport({ ...kafka, participant, clientId: participant, logger });
}
