import { kafkaHeaders, type Envelope } from '@tenantry/contracts';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import { parseEnvelope, type ParsedEnvelope } from '../parse-envelope.js';

const STRUCTURED_TYPE = 'application/cloudevents+json';
const NOT_JSON = { ok: false, reason: 'the value is no JSON' } as const;

/**
 * CloudEvents 1.0, Kafka protocol binding, binary mode; the key is the subject, so that one partition keeps a tenant's order.
 * @param beside headers that are none of the event's.
 */
export function toKafkaMessage(envelope: Envelope, beside: Readonly<Record<string, string>> = {}): Message {
  return {
    key: envelope.subject,
    value: JSON.stringify(envelope.data),
    headers: { ...beside, ...kafkaHeaders(envelope) },
  };
}

/** Reads a message in binary or structured mode. */
export function fromKafkaMessage({
  value,
  headers,
}: Pick<KafkaMessage, 'value' | 'headers'>): ParsedEnvelope {
  if (!value) return { ok: false, reason: 'there is no value' };
  const body = parseJson(value);
  if (body === undefined) return NOT_JSON;
  const contentType = header(headers, 'content-type');
  return contentType?.startsWith(STRUCTURED_TYPE)
    ? fromStructured(body.json, headers)
    : fromBinary(body.json, headers);
}

/** The value as text that can be stored and shown. */
export function rawText({ value }: Pick<KafkaMessage, 'value'>): string {
  return value?.toString('utf8').replaceAll('\0', '\uFFFD') ?? '';
}

function fromBinary(data: unknown, headers: IHeaders | undefined): ParsedEnvelope {
  const attribute = (name: string) => header(headers, `ce_${name}`);
  if (attribute('specversion') !== '1.0') return { ok: false, reason: 'ce_specversion is not 1.0' };
  return parseEnvelope({
    id: attribute('id'),
    source: attribute('source'),
    type: attribute('type'),
    time: attribute('time'),
    subject: attribute('subject'),
    tenantSeq: attribute('tenantseq'),
    generation: attribute('generation'),
    traceparent: header(headers, 'traceparent'),
    tracestate: header(headers, 'tracestate'),
    data,
  });
}

function fromStructured(event: unknown, headers: IHeaders | undefined): ParsedEnvelope {
  if (event === null || typeof event !== 'object') return { ok: false, reason: 'not an object' };
  const {
    specversion,
    tenantseq,
    generation,
    data_base64: encoded,
    ...rest
  } = event as Record<string, unknown>;
  if (specversion !== '1.0') return { ok: false, reason: 'specversion is not 1.0' };
  let data = rest['data'];
  if (typeof encoded === 'string') {
    const body = parseJson(Buffer.from(encoded, 'base64'));
    if (body === undefined) return NOT_JSON;
    data = body.json;
  }
  return parseEnvelope({
    ...rest,
    tenantSeq: tenantseq,
    generation,
    traceparent: rest['traceparent'] ?? header(headers, 'traceparent'),
    tracestate: rest['tracestate'] ?? header(headers, 'tracestate'),
    data,
  });
}

function parseJson(value: Buffer): { json: unknown } | undefined {
  try {
    return { json: JSON.parse(value.toString('utf8')) };
  } catch {
    return undefined;
  }
}

function header(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first?.toString();
}
