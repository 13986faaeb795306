import { participantName, uuid } from './parts.js';

const text = { type: 'string', minLength: 1, maxLength: 512 } as const;
const decimal = { type: 'string', pattern: '^[0-9]{1,19}$' } as const;

/** CloudEvents' attributes and the trace context, as headers. Other headers are to be passed over. */
const attributes = {
  'content-type': {
    type: 'string',
    pattern: '^application/json',
    description:
      "Of the value. `application/cloudevents+json` announces CloudEvents' structured mode instead, in which the value holds attributes and data; both sides read it, ours never writes it.",
  },
  ce_specversion: { type: 'string', const: '1.0', description: 'The version of CloudEvents.' },
  ce_id: {
    ...text,
    description:
      'Unique for each message, and the same whenever it is delivered again; a UUIDv7 where we write it.',
  },
  ce_source: {
    ...text,
    description: 'Who wrote it: `/tenantry/control-plane`, or `/tenantry/participants/<name>`.',
  },
  ce_type: { ...text, description: 'The type of the message; it ends in its version.' },
  ce_time: { type: 'string', format: 'date-time', description: 'When it was written, RFC 3339, UTC.' },
  ce_dataschema: { ...text, description: "The payload's schema: `urn:tenantry:schema:` and the type." },
  ce_tenantid: { ...uuid, description: 'The tenant again, as an extension attribute.' },
  ce_generation: {
    ...decimal,
    description: "The generation as decimal text, since CloudEvents' integers have 32 bits.",
  },
  traceparent: {
    type: 'string',
    pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$',
    description: 'W3C trace context of what caused it; an answer carries on that of its request.',
  },
  tracestate: { ...text, description: 'W3C trace context, of whoever added to it.' },
} as const;

const ALWAYS = ['content-type', 'ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_subject'];

/** Of everything that the control plane writes about a tenant. */
export const eventHeaders = {
  type: 'object',
  required: [...ALWAYS, 'ce_dataschema', 'ce_tenantid', 'ce_tenantseq', 'ce_generation'],
  properties: {
    ...attributes,
    ce_subject: { ...uuid, description: "The tenant's id, which is also the message's key." },
    ce_tenantseq: {
      ...decimal,
      description:
        'The sequence of the tenant, without gaps but for a jump after a restore: what is not above the last one seen was seen. On the state topic it is that of the last lifecycle event which the record reflects.',
    },
  },
} as const;

/** Of a participant's messages about a tenant. They carry no sequence. */
export const answerHeaders = {
  type: 'object',
  required: ALWAYS,
  properties: {
    ...attributes,
    ce_subject: { ...uuid, description: "The tenant's id, which is also the message's key." },
  },
} as const;

/** Of a participant's messages about itself. */
export const heartbeatHeaders = {
  type: 'object',
  required: ALWAYS,
  properties: {
    ...attributes,
    ce_subject: { ...participantName, description: "The participant, which is also the message's key." },
  },
} as const;
