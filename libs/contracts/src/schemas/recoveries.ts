import { attempt, generation, participantName, sequence, timestamp, uuid } from './parts.js';

/** A group's name: a participant's own name, or that and a dot and more. */
const group = {
  type: 'string',
  minLength: 1,
  maxLength: 200,
  description:
    "The group whose facts of this tenant it is about; the same participant's other groups pass it by.",
} as const;

const head = {
  operationId: {
    ...uuid,
    description:
      'Of this request; it is answered with `participant.acknowledged`, which carries the same three.',
  },
  generation,
  attempt,
  participants: {
    type: 'array',
    minItems: 1,
    uniqueItems: true,
    items: participantName,
    description: 'Whose group it is; everyone else passes it by.',
  },
  group,
} as const;

const headNames = ['operationId', 'generation', 'attempt', 'participants', 'group'] as const;

/** Try the parked fact at the head of the tenant's queue again, and after it what waits behind it. */
export const redriveRequest = {
  type: 'object',
  additionalProperties: false,
  required: [...headNames, 'tenantSeq'],
  properties: {
    ...head,
    tenantSeq: {
      ...sequence,
      description: 'Of the parked fact; refused when another one is at the head by then.',
    },
  },
} as const;

/** Give up the parked fact at the head of the tenant's queue, and go on with what waits behind it. */
export const skipRequest = redriveRequest;

/** Apply facts of the tenant again; they pass the position guard of that group, and come before what waits there. */
export const replayRequest = {
  type: 'object',
  additionalProperties: false,
  required: [...headNames, 'replayId', 'fromSeq', 'part', 'parts', 'facts'],
  properties: {
    ...head,
    replayId: {
      ...uuid,
      description: 'The same for all parts and attempts of one replay, which is worked once.',
    },
    fromSeq: {
      ...sequence,
      description: 'The sequence that was asked for; there may be no fact with it.',
    },
    part: {
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      description: 'From 1; parts follow each other without another event between them.',
    },
    parts: { type: 'integer', minimum: 1, maximum: 10_000 },
    facts: {
      type: 'array',
      description: 'As they were published, in the order of their sequence.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'type', 'time', 'tenantSeq', 'generation', 'data'],
        properties: {
          id: { type: 'string', minLength: 1, maxLength: 200 },
          type: { type: 'string', minLength: 1, maxLength: 200 },
          time: timestamp,
          tenantSeq: sequence,
          generation: sequence,
          data: { type: 'object', additionalProperties: true },
        },
      },
    },
  },
} as const;
