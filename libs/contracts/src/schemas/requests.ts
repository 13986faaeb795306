import { attempt, desired, generation, participantName, placement, uuid } from './parts.js';

/** What every request to participants carries; only the type differs, so that a consumer can route on it. */
export const request = {
  type: 'object',
  additionalProperties: false,
  required: ['operationId', 'generation', 'attempt', 'participants', 'desired', 'placements'],
  properties: {
    operationId: uuid,
    generation,
    /** 1 for the first request of this operation; higher when it is asked again. */
    attempt,
    /** Who is asked; everyone else passes it by. */
    participants: { type: 'array', minItems: 1, uniqueItems: true, items: participantName },
    desired,
    placements: { type: 'array', items: placement },
  },
} as const;
