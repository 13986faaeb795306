import { isUuid } from '@tenantry/kernel';
import { dataSchemaOf, type Envelope } from './envelope.js';

/** The content type of a payload in CloudEvents' binary mode, where the attributes are headers. */
export const JSON_CONTENT_TYPE = 'application/json';

/**
 * The headers of a message on Kafka: CloudEvents 1.0, Kafka protocol binding, binary mode, with our extension attributes, and W3C trace
 * context as it is. The message's key is the subject, so that one partition keeps a tenant's order; its value is the payload as JSON.
 */
export function kafkaHeaders(envelope: Envelope): Record<string, string> {
  const { id, source, type, time, subject, tenantSeq, generation, traceparent, tracestate } = envelope;
  const headers: Record<string, string | undefined> = {
    'content-type': JSON_CONTENT_TYPE,
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: source,
    ce_type: type,
    ce_time: time,
    ce_dataschema: dataSchemaOf(type),
    ce_subject: subject,
    ce_tenantid: isUuid(subject) ? subject : undefined,
    ce_tenantseq: tenantSeq,
    ce_generation: generation,
    traceparent,
    tracestate,
  };
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
