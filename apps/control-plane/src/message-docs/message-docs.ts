import { asyncApiDocument, type AsyncApiDocument, type Topics } from '@tenantry/contracts';
import { messagePage } from './message-page.js';

/** Token of what describes the messages of this installation. */
export const MESSAGE_DOCS = Symbol('MESSAGE_DOCS');

/** The description for generators and for people; the same for as long as the process runs. */
export interface MessageDocs {
  readonly document: AsyncApiDocument;
  readonly page: string;
}

/** Describes the messages on these topics. @param version the product's. */
export function messageDocs(topics: Topics, version: string): MessageDocs {
  const document = asyncApiDocument({ topics, version });
  return { document, page: messagePage(document) };
}
