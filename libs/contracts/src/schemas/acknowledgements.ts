import { CAPABILITIES } from '../lifecycle-vocabulary.js';
import { attempt, generation, operationId, participantName, sequence, timestamp, uuid } from './parts.js';

/** A participant's answer to one request, matched on (operation, generation, participant). */
export const acknowledged = {
  type: 'object',
  additionalProperties: false,
  required: ['operationId', 'generation', 'attempt', 'participant', 'outcome'],
  properties: {
    operationId: { ...operationId, description: 'As the request has it.' },
    generation: { ...generation, description: 'As the request has it.' },
    attempt: { ...attempt, description: 'As the latest request of the operation has it.' },
    participant: { ...participantName, description: 'Who answers; refused on a topic other than its own.' },
    outcome: {
      type: 'string',
      enum: ['succeeded', 'failed', 'in_progress'],
      description: '`succeeded` is final; the others count for the highest attempt only.',
    },
    retryable: {
      type: 'boolean',
      description: 'Of a failure: whether asking again can help. True when it is left out.',
    },
    progress: { type: 'number', minimum: 0, maximum: 100, description: 'Of `in_progress`: percent done.' },
    evidence: {
      type: 'object',
      additionalProperties: true,
      description:
        'What was done, or what was found in the way of it, in counts and names of objects; no tenant data. Of a purge: counts whose names end in Before and After.',
    },
    error: {
      type: 'string',
      maxLength: 2000,
      description: 'Of a failure: why, for people; no secrets, no tenant data.',
    },
  },
} as const;

/** A sign of life; says what the participant can do. Key and subject are the participant. */
export const heartbeat = {
  type: 'object',
  additionalProperties: false,
  required: ['participant', 'capabilities', 'stores', 'version'],
  properties: {
    participant: participantName,
    capabilities: {
      type: 'array',
      uniqueItems: true,
      items: { type: 'string', enum: CAPABILITIES },
      description: 'What it can be asked for; it is counted for nothing else.',
    },
    stores: {
      type: 'array',
      uniqueItems: true,
      items: { type: 'string', pattern: '^[a-z][a-z0-9]{0,19}$' },
      description: "The stores that it keeps tenants' data in.",
    },
    version: { type: 'string', maxLength: 100, description: 'Of the service, for people.' },
  },
} as const;

/** Whose position it is about: a group's name is the participant's own, or that and a dot and more. */
const group = {
  type: 'string',
  minLength: 1,
  maxLength: 200,
  description: 'The group of the participant.',
} as const;
const parkedSequence = { ...sequence, description: 'Of the parked fact.' } as const;
const eventId = { type: 'string', minLength: 1, maxLength: 200, description: 'Of the parked fact.' } as const;
const eventType = {
  type: 'string',
  minLength: 1,
  maxLength: 200,
  description: 'Of the parked fact.',
} as const;

/** A poison fact holds back this tenant's facts for this group. */
export const parked = {
  type: 'object',
  additionalProperties: false,
  required: ['participant', 'group', 'tenantSeq', 'eventId', 'eventType', 'attempts', 'error'],
  properties: {
    participant: participantName,
    group,
    tenantSeq: parkedSequence,
    eventId,
    eventType,
    attempts: { ...attempt, description: 'How often it was tried, over all redrives.' },
    error: { type: 'string', maxLength: 2000, description: 'Why it failed the last time.' },
    stack: { type: 'string', maxLength: 8000, description: 'Where it failed, for people; no tenant data.' },
    payload: {
      type: 'object',
      additionalProperties: true,
      description: "The event's data; left out when it is large.",
    },
    operationId: {
      ...uuid,
      description: 'The redrive, skip or replay that it was tried on; absent the first time.',
    },
  },
} as const;

/** The parked fact is out of the way: applied, or given up. What waited behind it is tried next. */
export const unparked = {
  type: 'object',
  additionalProperties: false,
  required: ['participant', 'group', 'tenantSeq', 'eventId', 'eventType', 'how'],
  properties: {
    participant: participantName,
    group,
    tenantSeq: parkedSequence,
    eventId,
    eventType,
    how: {
      type: 'string',
      enum: ['applied', 'skipped'],
      description: 'Whether it had its effect, or was given up.',
    },
    operationId: { ...uuid, description: 'The redrive, skip or replay that led to it.' },
  },
} as const;

/** Somebody reached a tenant's data otherwise than on the tenant's behalf; the participant's own audit has it already. */
export const auditRecorded = {
  type: 'object',
  additionalProperties: false,
  required: ['participant', 'auditId', 'actor', 'action', 'reason', 'recordedAt'],
  properties: {
    participant: participantName,
    auditId: { ...uuid, description: "Of the row in the participant's own audit, where there is more." },
    actor: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      description: 'Who did it, as the participant knows them: an identifier, no name and no e-mail address.',
    },
    action: {
      type: 'string',
      pattern: '^[a-z][a-z_]{0,39}\\.[a-z][a-z_]{0,39}$',
      description: 'What was done: noun and verb, e.g. `support.read`.',
    },
    reason: { type: 'string', minLength: 1, maxLength: 500, description: 'Why, for people; no tenant data.' },
    recordedAt: {
      ...timestamp,
      description: "When, by the participant's database: before anything was returned.",
    },
    details: {
      type: 'object',
      additionalProperties: true,
      description:
        'More of it, in numbers, times and names of objects; no tenant data, no statement with values in it.',
    },
  },
} as const;
