import { dataSchemaOf, type Envelope } from '@tenantry/contracts';
import { isUuid } from '@tenantry/kernel';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import type { Heard } from './wire.js';

/** Marks what this kit has sent. Consumers pass over extension attributes that they do not know. */
export const MARK = 'ce_conformance';

/** CloudEvents' Kafka binding, binary mode, written down here once more so that the kit does not test a library with itself. */
export function binaryMessage(envelope: Envelope): Message {
  const { id, source, type, time, subject, tenantSeq, generation, traceparent, data } = envelope;
  const headers = {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: source,
    ce_type: type,
    ce_time: time,
    ce_dataschema: dataSchemaOf(type),
    ce_subject: subject,
    ...(isUuid(subject) && { ce_tenantid: subject }),
    ...(tenantSeq !== undefined && { ce_tenantseq: tenantSeq }),
    ...(generation !== undefined && { ce_generation: generation }),
    ...(traceparent !== undefined && { traceparent }),
    [MARK]: '1',
  };
  return { key: subject, value: JSON.stringify(data), headers };
}

/** The same in structured mode: the whole event is the value. */
export function structuredMessage(envelope: Envelope): Message {
  const { tenantSeq, traceparent, ...attributes } = envelope;
  const value = {
    specversion: '1.0',
    datacontenttype: 'application/json',
    tenantid: envelope.subject,
    tenantseq: tenantSeq,
    ...attributes,
  };
  return {
    key: envelope.subject,
    value: JSON.stringify(value),
    headers: {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      ...(traceparent !== undefined && { traceparent }),
      [MARK]: '1',
    },
  };
}

/** Reads what a participant has sent, in either mode. */
export function heardFrom(channel: string, { key, value, headers }: KafkaMessage): Heard {
  const raw = value?.toString('utf8') ?? '';
  let body: unknown;
  try {
    body = JSON.parse(raw);
  } catch {
    return { channel, problems: ['the value is no JSON'], raw };
  }
  const structured = headerOf(headers, 'content-type')?.startsWith('application/cloudevents+json') ?? false;
  if (structured && (body === null || typeof body !== 'object'))
    return { channel, problems: ['the value is no event'], raw };
  const fields = structured ? (body as Record<string, unknown>) : undefined;
  const attribute = (name: string): string | undefined => {
    const found = fields ? fields[name] : headerOf(headers, `ce_${name}`);
    return typeof found === 'string' ? found : undefined;
  };
  const problems: string[] = [];
  if (attribute('specversion') !== '1.0') problems.push('specversion is not 1.0');
  if (!structured && headerOf(headers, 'content-type') === undefined)
    problems.push('the header content-type is missing');
  const subject = attribute('subject') ?? '';
  if (key?.toString() !== subject)
    problems.push(`the key (${key?.toString() ?? 'none'}) is not the subject, which keeps a tenant's order`);
  const generation = attribute('generation');
  const envelope: Envelope = {
    id: attribute('id') ?? '',
    source: attribute('source') ?? '',
    type: attribute('type') ?? '',
    time: attribute('time') ?? '',
    subject,
    ...(generation !== undefined && { generation }),
    data: fields ? fields['data'] : body,
  };
  return { channel, envelope, problems, raw };
}

/** The text of a header. */
export function headerOf(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name];
  return (Array.isArray(value) ? value[0] : value)?.toString();
}
