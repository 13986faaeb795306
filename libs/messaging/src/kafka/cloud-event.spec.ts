import { describe, expect, it } from '@jest/globals';
import type { Envelope } from '@tenantry/contracts';
import type { KafkaMessage } from 'kafkajs';
import { fromKafkaMessage, rawText, toKafkaMessage } from './cloud-event.js';

const tenantId = '019a0000-0000-7000-8000-000000000001';
const envelope: Envelope = {
  id: '019a0000-0000-7000-8000-000000000002',
  source: '/tenantry/control-plane',
  type: 'tenant.provisioned.v1',
  time: '2026-01-01T00:00:00.000Z',
  subject: tenantId,
  tenantSeq: '9007199254740993',
  generation: '4294967297',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'a=b',
  data: { operationId: 'x', nested: { text: 'ü' } },
};

/** As a broker gives it back: headers and value as bytes. */
const received = (message: ReturnType<typeof toKafkaMessage>): Pick<KafkaMessage, 'value' | 'headers'> => ({
  value: Buffer.from(String(message.value)),
  headers: Object.fromEntries(
    Object.entries(message.headers ?? {}).map(([key, value]) => [key, Buffer.from(String(value))]),
  ),
});

const structured = (event: object, contentType = 'application/cloudevents+json') => ({
  value: Buffer.from(JSON.stringify(event)),
  headers: { 'content-type': Buffer.from(contentType) },
});

const event = { specversion: '1.0', id: 'i', source: '/s', type: 't.v1', time: 'now', subject: tenantId };

describe('CloudEvents on Kafka', () => {
  it('writes binary mode with decimal strings and the tenant as key', () => {
    expect(toKafkaMessage(envelope)).toEqual({
      key: tenantId,
      value: JSON.stringify(envelope.data),
      headers: {
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: envelope.id,
        ce_source: envelope.source,
        ce_type: envelope.type,
        ce_time: envelope.time,
        ce_dataschema: 'urn:tenantry:schema:tenant.provisioned.v1',
        ce_subject: tenantId,
        ce_tenantid: tenantId,
        ce_tenantseq: '9007199254740993',
        ce_generation: '4294967297',
        traceparent: envelope.traceparent,
        tracestate: 'a=b',
      },
    });
  });

  it('names no tenant in a message that is about none', () => {
    const { headers } = toKafkaMessage({ ...envelope, subject: 'reference' });
    expect(headers).not.toHaveProperty('ce_tenantid');
  });

  it('reads back what it wrote', () => {
    expect(fromKafkaMessage(received(toKafkaMessage(envelope)))).toEqual({ ok: true, envelope });
  });

  it('reads structured mode, with data as JSON or encoded', () => {
    const parsed = {
      id: 'i',
      source: '/s',
      type: 't.v1',
      time: 'now',
      subject: tenantId,
      tenantSeq: '5',
      generation: '2',
      data: { a: 1 },
    };
    const attributes = { ...event, tenantseq: '5', generation: '2', dataschema: 'urn:x', unknown: 1 };
    expect(fromKafkaMessage(structured({ ...attributes, data: { a: 1 } }))).toEqual({
      ok: true,
      envelope: parsed,
    });
    const data_base64 = Buffer.from('{"a":1}').toString('base64');
    expect(
      fromKafkaMessage(
        structured({ ...attributes, data_base64 }, 'application/cloudevents+json; charset=UTF-8'),
      ),
    ).toEqual({ ok: true, envelope: parsed });
  });

  it.each([
    ['no value', { value: null, headers: {} }, 'there is no value'],
    ['no JSON', { value: Buffer.from('{'), headers: {} }, 'the value is no JSON'],
    ['no version', { value: Buffer.from('{}'), headers: {} }, 'ce_specversion is not 1.0'],
    ['no id', structured({ ...event, id: undefined }), 'id is missing'],
    ['an attribute that is no text', structured({ ...event, subject: 7 }), 'subject is missing'],
    ['a sequence that is no number', structured({ ...event, tenantseq: '1e3' }), 'tenantSeq is no decimal'],
    [
      'a sequence beyond bigint',
      structured({ ...event, tenantseq: '9999999999999999999' }),
      'tenantSeq is no decimal',
    ],
    [
      'a NUL in an attribute',
      structured({ ...event, subject: 'a\0b' }),
      'subject is missing, or no plain text',
    ],
    [
      'half a surrogate pair',
      structured({ ...event, source: '\ud800' }),
      'source is missing, or no plain text',
    ],
    ['an array', structured([]), 'specversion is not 1.0'],
    ['null', structured(JSON.parse('[null]')), 'specversion is not 1.0'],
  ])('refuses %s with a reason', (_name, message, reason) => {
    expect(fromKafkaMessage(message)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });

  it('shows a value without what cannot be stored', () => {
    expect(rawText({ value: Buffer.from([0x61, 0, 0xff]) })).toBe('a\uFFFD\uFFFD');
  });
});
