import { MESSAGE_CATALOGUE } from '../catalogue.js';
import { MESSAGE_SCHEMAS, type MessageType } from '../messages.js';
import { topicNames, type Topics } from '../topics.js';
import type { AsyncApiChannel, AsyncApiDocument } from './asyncapi.js';
import { describeChannels, type ChannelDescription } from './asyncapi-channels.js';
import { describeMessage } from './asyncapi-message.js';
import { KAFKA_BINDING } from './kafka-binding.js';
import { describeParkedCopy } from './parked-copy.js';

const DESCRIPTION = [
  "What Tenantry's control plane and the services that keep tenants' data say to each other on Kafka.",
  'Messages are CloudEvents 1.0 in the binary mode of the Kafka binding: attributes are headers, the value is the payload as JSON, the key is the tenant.',
  'Delivery is at least once, ordered per tenant; readers make effects happen once, by the sequence and the generation that every event carries.',
  'Within a version of a type (its last part) there are only optional additions: readers pass over what they do not know, be it a property, a header or a type.',
  'Payloads are thin: no secrets, no personal data.',
].join(' ');

const OPERATIONS = {
  publishLifecycle: {
    channel: 'lifecycle',
    action: 'send',
    title: 'Ask and tell',
    summary: 'The control plane asks participants and tells facts.',
  },
  publishState: {
    channel: 'state',
    action: 'send',
    title: 'Keep the state current',
    summary: "The control plane keeps each tenant's record current.",
  },
  hearParticipants: {
    channel: 'acknowledgements',
    action: 'receive',
    title: 'Hear participants',
    summary: 'The control plane reads what each participant says on its own topic.',
  },
  copyParked: {
    channel: 'parked',
    action: 'send',
    title: 'Copy what is parked',
    summary: 'The control plane copies the facts that participants could not apply.',
  },
} as const;

/**
 * Describes all messages of an installation for people and generators: written from the control plane's side, so `send` is what a
 * participant reads.
 *
 * @param options `topics`: their names (those of the prefix `tenantry`); `version`: of the product (0.1.0).
 */
export function asyncApiDocument({
  topics = topicNames(),
  version = '0.1.0',
}: { readonly topics?: Topics; readonly version?: string } = {}): AsyncApiDocument {
  const types = Object.keys(MESSAGE_SCHEMAS) as MessageType[];
  const channels = describeChannels(topics);
  const parkedCopy = describeParkedCopy();
  const on = (channel: string) =>
    channel === 'parked'
      ? [parkedCopy.name]
      : types.filter((type) => MESSAGE_CATALOGUE[type].channel === channel);
  return {
    asyncapi: '3.0.0',
    info: { title: 'Tenantry: messages', version, description: DESCRIPTION },
    channels: Object.fromEntries(
      Object.entries(channels).map(([name, channel]) => [name, describeChannel(channel, on(name))]),
    ),
    operations: Object.fromEntries(
      Object.entries(OPERATIONS).map(([name, operation]) => [
        name,
        { ...operation, channel: { $ref: `#/channels/${operation.channel}` } },
      ]),
    ),
    components: {
      messages: {
        ...Object.fromEntries(types.map((type) => [type, describeMessage(type)])),
        [parkedCopy.name]: parkedCopy,
      },
      correlationIds: {
        operation: {
          description: 'The operation that is asked for; an answer names the same.',
          location: '$message.payload#/operationId',
        },
      },
    },
  };
}

function describeChannel(channel: ChannelDescription, messages: readonly string[]): AsyncApiChannel {
  const { address, title, description, cleanup, parameters } = channel;
  return {
    address,
    title,
    description,
    ...(parameters && { parameters }),
    messages: Object.fromEntries(messages.map((name) => [name, { $ref: `#/components/messages/${name}` }])),
    bindings: {
      kafka: { topicConfiguration: { 'cleanup.policy': [cleanup] }, bindingVersion: KAFKA_BINDING },
    },
  };
}
