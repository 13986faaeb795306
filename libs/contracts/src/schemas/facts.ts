import {
  generation,
  isolation,
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
  properties: { operationId: uuid, generation, state: tenantState },
} as const;

export const deletionScheduled = {
  type: 'object',
  additionalProperties: false,
  required: ['operationId', 'generation', 'purgeAfter'],
  properties: { operationId: uuid, generation, purgeAfter: timestamp },
} as const;

export const tenantUpdated = {
  type: 'object',
  additionalProperties: false,
  required: ['version', 'plan', 'changed'],
  properties: {
    version: { type: 'integer', minimum: 1 },
    plan: { type: 'string' },
    changed: { type: 'array', items: { type: 'string', enum: ['name', 'plan', 'labels'] } },
  },
} as const;

export const routeChanged = {
  type: 'object',
  additionalProperties: false,
  required: ['routes'],
  properties: { routes: { type: 'array', items: route } },
} as const;

export const operationFailed = {
  type: 'object',
  additionalProperties: false,
  required: ['operationId', 'generation', 'kind', 'participant', 'error'],
  properties: {
    operationId: uuid,
    generation,
    kind: operationKind,
    participant: { type: 'string' },
    error: { type: 'string', maxLength: 2000 },
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
    slug: { type: 'string' },
    state: tenantState,
    plan: { type: 'string' },
    region: { type: 'string' },
    isolation,
    generation,
    version: { type: 'integer', minimum: 1 },
    /** The sequence of the last lifecycle event that this record reflects; '0' before the first. */
    tenantSeq: sequence,
    routes: { type: 'array', items: route },
    updatedAt: timestamp,
  },
} as const;
