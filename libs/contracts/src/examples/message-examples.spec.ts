import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { headersSchema } from '../asyncapi/asyncapi-message.js';
import type { Envelope } from '../envelope.js';
import { kafkaHeaders } from '../kafka-headers.js';
import { MESSAGE_SCHEMAS, type MessageType } from '../messages.js';
import { checkIncoming, checkOutgoing } from '../validate.js';
import { MESSAGE_EXAMPLES } from './message-examples.js';

const TYPES = Object.keys(MESSAGE_SCHEMAS) as MessageType[];
/** Jest reads a row of strings as of any strings, unless its type has a name. */
interface Row {
  readonly type: MessageType;
  readonly name: string;
  readonly envelope: Envelope;
}
const all = TYPES.flatMap((type): Row[] =>
  MESSAGE_EXAMPLES[type].map(({ name, envelope }) => ({ type, name, envelope })),
);

// ajv-formats is CommonJS whose default export is the module object under nodenext.
const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => void;
const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false });
addFormats(ajv);

describe('the examples of messages', () => {
  it.each(all)('$type, $name: may be written, and can be read', ({ type, envelope }) => {
    expect(checkOutgoing(type, envelope.data)).toEqual({ ok: true, data: envelope.data });
    expect(checkIncoming(type, envelope.data)).toEqual({ ok: true, data: envelope.data });
  });

  it.each(all)('$type, $name: has the headers that are described', ({ type, envelope }) => {
    const valid = ajv.validate(headersSchema(type), kafkaHeaders(envelope));
    expect(ajv.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it.each(all)('$type, $name: its attributes and its payload agree', ({ envelope }) => {
    const data = envelope.data as { generation?: number; participant?: string };
    if (data.generation !== undefined) expect(envelope.generation).toBe(String(data.generation));
    if (data.participant !== undefined && envelope.type.startsWith('participant.'))
      expect(envelope.source).toBe(`/tenantry/participants/${data.participant}`);
  });

  it.each(TYPES)('%s: every property is shown by one of them', (type) => {
    const shown = new Set(MESSAGE_EXAMPLES[type].flatMap(({ envelope }) => Object.keys(envelope.data)));
    expect(Object.keys(MESSAGE_SCHEMAS[type].properties).filter((name) => !shown.has(name))).toEqual([]);
  });

  it('each has an id of its own', () => {
    const ids = all.map(({ envelope }) => envelope.id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
