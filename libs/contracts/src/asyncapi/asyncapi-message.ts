import { MESSAGE_CATALOGUE } from '../catalogue.js';
import { dataSchemaOf } from '../envelope.js';
import type { Example } from '../examples/example.js';
import { MESSAGE_EXAMPLES } from '../examples/message-examples.js';
import { JSON_CONTENT_TYPE, kafkaHeaders } from '../kafka-headers.js';
import type { MessageType } from '../messages.js';
import { publishedSchema } from '../published-schema.js';
import type { AsyncApiMessage, JsonSchema } from './asyncapi.js';
import { KAFKA_BINDING } from './kafka-binding.js';
import { answerHeaders, eventHeaders, heartbeatHeaders } from '../schemas/headers.js';

/** The headers of a message type, with the attributes that are always the same for it. */
export function headersSchema(type: MessageType): JsonSchema {
  const headers = headersOf(type);
  return {
    ...headers,
    properties: {
      ...headers.properties,
      ce_type: { ...headers.properties.ce_type, const: type },
      ce_dataschema: { ...headers.properties.ce_dataschema, const: dataSchemaOf(type) },
    },
  };
}

/**
 * A message of the document. A participant reads with the open schema what the control plane writes, and writes by the closed one what the
 * control plane reads; the document shows each message from that side, because participants are who it is for.
 */
export function describeMessage(type: MessageType): AsyncApiMessage {
  const { channel, title, summary } = MESSAGE_CATALOGUE[type];
  return {
    name: type,
    title,
    summary,
    contentType: JSON_CONTENT_TYPE,
    headers: headersSchema(type),
    payload: draft7(publishedSchema(type, channel === 'acknowledgements' ? 'writer' : 'reader')),
    ...(answers(type) && { correlationId: { $ref: '#/components/correlationIds/operation' } }),
    bindings: { kafka: { key: keySchema(type), bindingVersion: KAFKA_BINDING } },
    examples: MESSAGE_EXAMPLES[type].map(describeExample),
  };
}

function describeExample({ name, envelope }: Example): AsyncApiMessage['examples'][number] {
  return { name, headers: kafkaHeaders(envelope), payload: envelope.data };
}

function headersOf(type: MessageType) {
  if (type === 'participant.heartbeat.v1') return heartbeatHeaders;
  return MESSAGE_CATALOGUE[type].channel === 'acknowledgements' ? answerHeaders : eventHeaders;
}

function keySchema(type: MessageType): JsonSchema {
  return type === 'participant.heartbeat.v1'
    ? { type: 'string', description: "The participant's name." }
    : {
        type: 'string',
        format: 'uuid',
        description: "The tenant's id, so that one partition keeps its order.",
      };
}

/** Whether it is a request or the answer to one, which are matched on the operation. */
function answers(type: MessageType): boolean {
  return type.endsWith('_requested.v1') || type === 'participant.acknowledged.v1';
}

/** AsyncAPI's own dialect is draft 7: what our schemas use means the same in both, but the document may not name another. */
function draft7(schema: object): JsonSchema {
  const { $schema: _, ...rest } = schema as { $schema?: string };
  return rest;
}
