import { ISOLATIONS } from '@tenantry/contracts';
import type { OpenAPIObject } from '@nestjs/swagger';
import { REFUSAL_REASONS } from '../clusters/choose-cluster.js';
import { DRY_RUN_PARAMETER, MUTATING_METHODS } from './dry-run.interceptor.js';
import { NIL_ID } from './dry-run-answer.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['post']>;
type Answer = NonNullable<Operation['responses'][string]>;
type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];

const JSON_TYPE = 'application/json';

const PARAMETER: NonNullable<Operation['parameters']>[number] = {
  name: DRY_RUN_PARAMETER,
  in: 'query',
  required: false,
  schema: { type: 'boolean', default: false },
  description:
    'true: validates and runs everything, says what would happen, and does nothing of it. A refusal is the real one; an ' +
    'Idempotency-Key is neither used up nor replayed.',
};

const nullableObject = (description: string): Schema => ({ type: 'object', nullable: true, description });

const DRY_RUN: Schema = {
  type: 'object',
  required: ['dryRun', 'changes', 'participants', 'tenants', 'irreversible'],
  description: `What would happen. Ids that the real call would make up are shown as ${NIL_ID}.`,
  properties: {
    dryRun: { type: 'boolean', enum: [true] },
    changes: {
      type: 'array',
      description: 'The audit entries that would be written, in order; none when nothing would change.',
      items: {
        type: 'object',
        required: ['action', 'resource', 'tenantId', 'before', 'after'],
        properties: {
          action: { type: 'string', example: 'tenant.suspend' },
          resource: { type: 'string', description: 'What it would be done to.' },
          tenantId: { type: 'string', nullable: true },
          before: nullableObject('What would change, as it is.'),
          after: nullableObject('What would change, as it would be.'),
        },
      },
    },
    participants: {
      type: 'array',
      description: 'Who would be asked for what, as far as it follows from this request by itself.',
      items: {
        type: 'object',
        required: ['name', 'request', 'required'],
        properties: {
          name: { type: 'string' },
          request: { type: 'string', example: 'tenant.suspension_requested.v1' },
          required: { type: 'boolean', description: 'Whether the tenant’s state waits for it.' },
        },
      },
    },
    tenants: { type: 'integer', minimum: 0, description: 'How many tenants would be touched.' },
    irreversible: {
      type: 'array',
      items: { type: 'string' },
      description: 'What could not be undone, in words.',
    },
    placement: {
      type: 'object',
      description: 'Where the tenant would go; of a creation alone.',
      required: ['cluster', 'isolation', 'why', 'passedOver'],
      properties: {
        cluster: { type: 'string' },
        isolation: { type: 'string', enum: [...ISOLATIONS] },
        why: { type: 'string', description: 'Why there, in words.' },
        passedOver: {
          type: 'array',
          description: 'The clusters of the region that could not take it.',
          items: {
            type: 'object',
            required: ['cluster', 'reason', 'detail'],
            properties: {
              cluster: { type: 'string' },
              reason: { type: 'string', enum: [...REFUSAL_REASONS] },
              detail: { type: 'string', description: 'Why not, and what could be done about it.' },
            },
          },
        },
      },
    },
  },
};

/** Adds the parameter and its answer to every operation that changes something. */
export function documentDryRuns(document: OpenAPIObject): void {
  document.components ??= {};
  document.components.schemas = { ...document.components.schemas, DryRun: DRY_RUN };
  for (const path of Object.values(document.paths)) {
    for (const method of MUTATING_METHODS) {
      const operation = path[method.toLowerCase() as Lowercase<typeof method>];
      if (operation) documentOperation(operation);
    }
  }
}

function documentOperation(operation: Operation): void {
  operation.parameters = [...(operation.parameters ?? []), PARAMETER];
  const real = successOf(operation);
  const tried = triedSchema(real);
  const known = operation.responses['200'];
  const schema = known ? { anyOf: [schemaOf(known) ?? {}, tried] } : tried;
  const description = known && 'description' in known ? `${known.description} ${TRIED}` : TRIED;
  operation.responses['200'] = { description, content: { [JSON_TYPE]: { schema } } };
}

const TRIED = `With ${DRY_RUN_PARAMETER}=true alone: what would happen.`;

function triedSchema(real: Schema | undefined): Schema {
  const general = { $ref: '#/components/schemas/DryRun' };
  if (!real) return general;
  return { allOf: [general, { type: 'object', required: ['result'], properties: { result: real } }] };
}

/** The body of the operation's real answer; `undefined` when it has none. */
function successOf(operation: Operation): Schema | undefined {
  const answers = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'));
  return answers.map(([, answer]) => answer && schemaOf(answer)).find((schema) => schema !== undefined);
}

function schemaOf(answer: Answer): Schema | undefined {
  return 'content' in answer ? answer.content?.[JSON_TYPE]?.schema : undefined;
}
