import {
  ACCESSES,
  DESIRED_STATES,
  ISOLATIONS,
  OPERATION_KINDS,
  TENANT_STATES,
} from '../lifecycle-vocabulary.js';

/**
 * Pieces that several message schemas share. Writer schemas are closed: an undeclared property aborts the enqueue. What a reader has to
 * know of a property is its `description`, which is published with it.
 */
export const uuid = { type: 'string', format: 'uuid' } as const;
export const operationId = {
  ...uuid,
  description: 'The operation, or the request, that this belongs to.',
} as const;
export const generation = {
  type: 'integer',
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description:
    'Grows with every operation on the tenant: what carries a lower one than was seen is stale. A 64-bit number, of which 53 bits are used.',
} as const;
export const timestamp = { type: 'string', format: 'date-time', description: 'RFC 3339, UTC.' } as const;
export const sequence = {
  type: 'string',
  pattern: '^[0-9]{1,18}$',
  description: "A tenant's sequence: a decimal number as text, to be compared as a 64-bit number.",
} as const;
/** Bounded as a Postgres integer is, so that no message can carry a number that cannot be stored. */
export const attempt = {
  type: 'integer',
  minimum: 1,
  maximum: 2_147_483_647,
  description: '1 for the first time, higher when it is asked again.',
} as const;
export const participantName = {
  type: 'string',
  pattern: '^[a-z][a-z0-9-]{0,39}$',
  description: 'The name of a participant, which is also the last part of its acknowledgement topic.',
} as const;
export const desired = {
  type: 'string',
  enum: DESIRED_STATES,
  description: 'What the tenant should be once everyone has acknowledged.',
} as const;
export const isolation = {
  type: 'string',
  enum: ISOLATIONS,
  description:
    "How the tenant's data is kept apart: shared tables with row-level security, a schema of its own, a database of its own.",
} as const;
export const tenantState = {
  type: 'string',
  enum: TENANT_STATES,
  description: "The tenant's public state.",
} as const;
export const operationKind = { type: 'string', enum: OPERATION_KINDS } as const;

const placementProperties = {
  store: {
    type: 'string',
    minLength: 1,
    maxLength: 20,
    description: 'The logical data store of a service that is placed, such as `primary`.',
  },
  isolation,
  cluster: {
    type: 'string',
    minLength: 1,
    description: 'The name of the Postgres server; how to reach it, the service knows by itself.',
  },
  database: { type: ['string', 'null'], description: "Null: the cluster's default database." },
  schema: { type: ['string', 'null'], description: 'Null: none of its own.' },
} as const;

/** Where one store of a tenant lives: references only, never a credential. */
export const placement = {
  type: 'object',
  additionalProperties: false,
  required: ['store', 'isolation', 'cluster', 'database', 'schema'],
  properties: placementProperties,
} as const;

/** A placement with its access and its versions: what a router needs. */
export const route = {
  type: 'object',
  additionalProperties: false,
  required: ['store', 'isolation', 'cluster', 'database', 'schema', 'access', 'generation', 'revision'],
  properties: {
    ...placementProperties,
    access: {
      type: 'string',
      enum: ACCESSES,
      description: '`open` lets requests in, `read_only` only reads, `frozen` none.',
    },
    generation: { ...generation, description: 'Of the operation that last changed this route.' },
    revision: {
      type: 'integer',
      minimum: 1,
      description: 'Of this route alone; grows with every change of it.',
    },
  },
} as const;
