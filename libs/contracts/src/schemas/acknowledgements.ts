import { CAPABILITIES } from '../lifecycle-vocabulary.js';
import { attempt, generation, participantName, sequence, uuid } from './parts.js';

/** A participant's answer to one request, matched on (operation, generation, participant). */
export const acknowledged = {
  type: 'object',
  additionalProperties: false,
  required: ['operationId', 'generation', 'attempt', 'participant', 'outcome'],
  properties: {
    operationId: uuid,
    generation,
    attempt,
    participant: participantName,
    outcome: { type: 'string', enum: ['succeeded', 'failed', 'in_progress'] },
    /** Of a failure: whether asking again can help. Default: true. */
    retryable: { type: 'boolean' },
    /** Of `in_progress`: percent done. */
    progress: { type: 'number', minimum: 0, maximum: 100 },
    /** What was done, or what was found in the way of it, in counts and names of objects; no tenant data. */
    evidence: { type: 'object', additionalProperties: true },
    error: { type: 'string', maxLength: 2000 },
  },
} as const;

/** A sign of life; says what the participant can do. Key and subject are the participant. */
export const heartbeat = {
  type: 'object',
  additionalProperties: false,
  required: ['participant', 'capabilities', 'stores', 'version'],
  properties: {
    participant: participantName,
    capabilities: { type: 'array', uniqueItems: true, items: { type: 'string', enum: CAPABILITIES } },
    stores: { type: 'array', uniqueItems: true, items: { type: 'string', pattern: '^[a-z][a-z0-9]{0,19}$' } },
    version: { type: 'string', maxLength: 100 },
  },
} as const;

/** A poison fact holds back this tenant's facts for this group. */
export const parked = {
  type: 'object',
  additionalProperties: false,
  required: ['participant', 'group', 'tenantSeq', 'eventId', 'eventType', 'attempts', 'error'],
  properties: {
    participant: participantName,
    group: { type: 'string', minLength: 1, maxLength: 200 },
    tenantSeq: sequence,
    eventId: { type: 'string', minLength: 1, maxLength: 200 },
    eventType: { type: 'string', minLength: 1, maxLength: 200 },
    /** How often it was tried, over all redrives. */
    attempts: attempt,
    error: { type: 'string', maxLength: 2000 },
    /** Where it failed, for people; no tenant data. */
    stack: { type: 'string', maxLength: 8000 },
    /** The event's data; left out when it is large. */
    payload: { type: 'object', additionalProperties: true },
    /** The redrive, skip or replay that it was tried on; absent the first time. */
    operationId: uuid,
  },
} as const;

/** The parked fact is out of the way: applied, or given up. What waited behind it is tried next. */
export const unparked = {
  type: 'object',
  additionalProperties: false,
  required: ['participant', 'group', 'tenantSeq', 'eventId', 'eventType', 'how'],
  properties: {
    participant: participantName,
    group: { type: 'string', minLength: 1, maxLength: 200 },
    tenantSeq: sequence,
    eventId: { type: 'string', minLength: 1, maxLength: 200 },
    eventType: { type: 'string', minLength: 1, maxLength: 200 },
    how: { type: 'string', enum: ['applied', 'skipped'] },
    /** The redrive, skip or replay that led to it. */
    operationId: uuid,
  },
} as const;
