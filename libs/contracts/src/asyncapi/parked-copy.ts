import { kafkaHeaders, JSON_CONTENT_TYPE } from '../kafka-headers.js';
import { MESSAGE_EXAMPLES } from '../examples/message-examples.js';
import { eventHeaders } from '../schemas/headers.js';
import { participantName, uuid } from '../schemas/parts.js';
import type { AsyncApiMessage } from './asyncapi.js';
import { KAFKA_BINDING } from './kafka-binding.js';

/** The copy of a parked fact: of any type, so it has no type of its own; what went wrong is in plain headers. */
export function describeParkedCopy(): AsyncApiMessage {
  const [{ name, envelope }] = MESSAGE_EXAMPLES['tenant.route_changed.v1'];
  return {
    name: 'parkedCopy',
    title: 'Copy of a parked fact',
    summary:
      'The fact as it was published, as far as it is known, each time that a participant announces it; at least once.',
    contentType: JSON_CONTENT_TYPE,
    headers: {
      ...eventHeaders,
      // Of a fact that is no longer in the history only what the participant said is known.
      required: [
        ...eventHeaders.required.filter((header) => header !== 'ce_generation'),
        ...Object.keys(ERROR),
      ],
      properties: { ...eventHeaders.properties, ...ERROR },
    },
    payload: {
      description: "The fact's payload; left out of what a participant announces when it is large.",
    },
    bindings: {
      kafka: {
        key: { type: 'string', format: 'uuid', description: "The tenant's id." },
        bindingVersion: KAFKA_BINDING,
      },
    },
    examples: [
      {
        name,
        headers: {
          ...kafkaHeaders(envelope),
          'tenantry-parked-id': '0199f2b3-7d5e-7b21-9c8d-4e3f2a1b0c9d',
          'tenantry-participant': 'billing',
          'tenantry-group': 'billing',
          'tenantry-attempts': '8',
          'tenantry-error': 'the ledger has no such account',
        },
        payload: envelope.data,
      },
    ],
  };
}

const ERROR = {
  'tenantry-parked-id': { ...uuid, description: 'As `GET /v1/parked/{id}` has it.' },
  'tenantry-participant': { ...participantName, description: 'Who has parked it.' },
  'tenantry-group': { type: 'string', description: 'The group of that participant.' },
  'tenantry-attempts': { type: 'string', pattern: '^[0-9]+$', description: 'How often it was tried.' },
  'tenantry-error': { type: 'string', maxLength: 2000, description: 'Why it failed the last time.' },
} as const;
