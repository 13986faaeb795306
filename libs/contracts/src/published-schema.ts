import { MESSAGE_CATALOGUE } from './catalogue.js';
import { dataSchemaOf } from './envelope.js';
import { MESSAGE_SCHEMAS, type MessageType } from './messages.js';
import { opened } from './open-schema.js';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** Who checks by a schema: whoever writes a message, closed; or whoever reads it, open to additions by newer writers. */
export type SchemaSide = 'writer' | 'reader';

/** A payload's schema as it is published: with its address, its title and what it is about. */
export function publishedSchema(type: MessageType, side: SchemaSide): object {
  const { title, summary } = MESSAGE_CATALOGUE[type];
  const schema = MESSAGE_SCHEMAS[type];
  return {
    $schema: DIALECT,
    $id: side === 'writer' ? dataSchemaOf(type) : `${dataSchemaOf(type)}:reader`,
    title,
    description: summary,
    ...(side === 'writer' ? schema : opened(schema)),
  };
}
