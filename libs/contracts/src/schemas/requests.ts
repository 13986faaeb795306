import { attempt, desired, generation, operationId, participantName, placement } from './parts.js';

/** What every request to participants carries; only the type differs, so that a consumer can route on it. */
export const request = {
  type: 'object',
  additionalProperties: false,
  required: ['operationId', 'generation', 'attempt', 'participants', 'desired', 'placements'],
  properties: {
    operationId,
    generation,
    attempt: {
      ...attempt,
      description: '1 for the first request of this operation; higher when it is asked again.',
    },
    participants: {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: participantName,
      description: 'Who is asked; everyone else passes it by.',
    },
    desired,
    placements: {
      type: 'array',
      items: placement,
      description: 'Where each store of the tenant lives, as references.',
    },
  },
} as const;
