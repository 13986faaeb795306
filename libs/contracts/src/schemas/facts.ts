import {
  generation,
  isolation,
  operationId,
  operationKind,
  route,
  sequence,
  tenantState,
  timestamp,
  uuid,
} from './parts.js';

/** An operation reached its end: everyone acknowledged this generation. */
export const operationFact = {
  type: 'object',
  additionalProperties: false,
  required: ['operationId', 'generation', 'state'],
  properties: { operationId, generation, state: tenantState },
} as const;

export const deletionScheduled = {
  type: 'object',
  additionalProperties: false,
  required: ['operationId', 'generation', 'purgeAfter'],
  properties: {
    operationId,
    generation,
    purgeAfter: {
      ...timestamp,
      description: 'When the grace period ends, after which the tenant is purged; RFC 3339, UTC.',
    },
  },
} as const;

export const tenantUpdated = {
  type: 'object',
  additionalProperties: false,
  required: ['version', 'plan', 'changed'],
  properties: {
    version: {
      type: 'integer',
      minimum: 1,
      description: "Of the tenant's record; grows with every change of it.",
    },
    plan: { type: 'string', description: 'The plan that the tenant is on now.' },
    changed: {
      type: 'array',
      items: { type: 'string', enum: ['name', 'plan', 'labels'] },
      description: 'What has changed. Names and labels stay in the API: events carry no personal data.',
    },
  },
} as const;

export const routeChanged = {
  type: 'object',
  additionalProperties: false,
  required: ['routes'],
  properties: {
    routes: {
      type: 'array',
      items: route,
      description: "The tenant's routes, all of them, as they are now.",
    },
  },
} as const;

export const operationFailed = {
  type: 'object',
  additionalProperties: false,
  required: ['operationId', 'generation', 'kind', 'participant', 'error'],
  properties: {
    operationId,
    generation,
    kind: operationKind,
    participant: { type: 'string', description: 'Whose part has failed.' },
    error: { type: 'string', maxLength: 2000, description: 'What that participant said.' },
  },
} as const;

/** A tenant's full current state and routes: the record of the compacted topic. PURGED records stay. */
export const stateRecord = {
  type: 'object',
  additionalProperties: false,
  required: [
    'tenantId',
    'slug',
    'state',
    'plan',
    'region',
    'isolation',
    'generation',
    'version',
    'tenantSeq',
    'routes',
    'updatedAt',
  ],
  properties: {
    tenantId: uuid,
    slug: { type: 'string', description: 'The name for people, held for ever.' },
    state: tenantState,
    plan: { type: 'string' },
    region: { type: 'string' },
    isolation,
    generation,
    version: {
      type: 'integer',
      minimum: 1,
      description: "Of the tenant's record; grows with every change of it.",
    },
    tenantSeq: {
      ...sequence,
      description:
        "The sequence of the last lifecycle event that this record reflects, as text; '0' before the first.",
    },
    routes: { type: 'array', items: route, description: 'Where each store lives, and whether it is open.' },
    updatedAt: timestamp,
  },
} as const;
