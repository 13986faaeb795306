/**
 * What describes the messages, for people and for generators of other languages: the AsyncAPI document, and each message's schemas as files.
 * `writer` is closed, for whoever writes a message; `reader` is open to additions; `headers` is for both.
 */
export async function asyncApiDocuments() {
  const { asyncApiDocument, headersSchema, MESSAGE_CATALOGUE, publishedSchema } =
    await import('@tenantry/contracts');
  const documents = { 'docs/asyncapi/asyncapi.json': text(asyncApiDocument()) };
  for (const type of Object.keys(MESSAGE_CATALOGUE)) {
    documents[`docs/asyncapi/writer/${type}.json`] = text(publishedSchema(type, 'writer'));
    documents[`docs/asyncapi/reader/${type}.json`] = text(publishedSchema(type, 'reader'));
    documents[`docs/asyncapi/headers/${type}.json`] = text(headersSchema(type));
  }
  return documents;
}

function text(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}
