import type { MessageType } from './messages.js';

/**
 * A message as the code sees it: the attributes of CloudEvents 1.0 with our extensions, and the payload.
 * On Kafka it travels in binary mode (`ce_…` headers); the embedded transport stores the same fields.
 */
export interface Envelope<T extends string = string, D = unknown> {
  /** UUIDv7, unique; the same for every redelivery. */
  readonly id: string;
  /** Who wrote it, e.g. `/tenantry/control-plane` or `/tenantry/participants/<name>`. */
  readonly source: string;
  /** Ends in its version, e.g. `tenant.provisioned.v1`. */
  readonly type: T;
  /** RFC 3339 UTC. */
  readonly time: string;
  /** The tenant's id; for a heartbeat the participant. Also the partition key. */
  readonly subject: string;
  /** The tenant's sequence, a decimal string; lifecycle events and state records only. */
  readonly tenantSeq?: string;
  /** The tenant's generation, a decimal string. */
  readonly generation?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly data: D;
}

/** An envelope whose type this build has a schema for; the payload has not necessarily been checked. */
export type KnownEnvelope = Envelope<MessageType>;

/** The `dataschema` of a message type: a stable URI reference. */
export function dataSchemaOf(type: string): string {
  return `urn:tenantry:schema:${type}`;
}
