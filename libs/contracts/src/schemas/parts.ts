import {
  ACCESSES,
  DESIRED_STATES,
  ISOLATIONS,
  OPERATION_KINDS,
  TENANT_STATES,
} from '../lifecycle-vocabulary.js';

/** Pieces that several message schemas share. Writer schemas are closed: an undeclared property aborts the enqueue. */
export const uuid = { type: 'string', format: 'uuid' } as const;
export const generation = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } as const;
export const timestamp = { type: 'string', format: 'date-time' } as const;
export const sequence = { type: 'string', pattern: '^[0-9]{1,18}$' } as const;
/** Bounded as a Postgres integer is, so that no message can carry a number that cannot be stored. */
export const attempt = { type: 'integer', minimum: 1, maximum: 2_147_483_647 } as const;
export const participantName = { type: 'string', pattern: '^[a-z][a-z0-9-]{0,39}$' } as const;
export const desired = { type: 'string', enum: DESIRED_STATES } as const;
export const isolation = { type: 'string', enum: ISOLATIONS } as const;
export const tenantState = { type: 'string', enum: TENANT_STATES } as const;
export const operationKind = { type: 'string', enum: OPERATION_KINDS } as const;

const placementProperties = {
  store: { type: 'string', minLength: 1, maxLength: 20 },
  isolation,
  cluster: { type: 'string', minLength: 1 },
  /** Null: the cluster's default database. */
  database: { type: ['string', 'null'] },
  schema: { type: ['string', 'null'] },
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
    access: { type: 'string', enum: ACCESSES },
    /** Of the operation that last changed this route. */
    generation,
    /** Of this route alone; grows with every change of it. */
    revision: { type: 'integer', minimum: 1 },
  },
} as const;
