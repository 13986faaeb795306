import { isDeepStrictEqual } from 'node:util';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fromRoot } from '../../run.mjs';

const FOLDER = path.join('libs', 'contracts', 'released');

/**
 * What there is of messages: by type the channel, the closed schema, that of the headers (closed too, so that they are compared alike), and
 * examples of payload and headers.
 *
 * @returns {Promise<Record<string, { channel: string, schema: object, headers: object, examples: object[] }>>}
 */
export async function currentContract() {
  const contracts = await import('@tenantry/contracts');
  const entries = Object.entries(contracts.MESSAGE_CATALOGUE).map(([type, { channel }]) => [
    type,
    {
      channel,
      schema: contracts.publishedSchema(type, 'writer'),
      headers: { ...contracts.headersSchema(type), additionalProperties: false },
      examples: contracts.MESSAGE_EXAMPLES[type].map(({ name, envelope }) => ({
        name,
        headers: contracts.kafkaHeaders(envelope),
        payload: envelope.data,
      })),
    },
  ]);
  // As it is once written, without what JSON does not know.
  return JSON.parse(JSON.stringify(Object.fromEntries(entries)));
}

/** The same as it was released: what other parties may have built on. */
export async function releasedContract() {
  const files = await readdir(fromRoot(FOLDER)).catch(() => []);
  const entries = files.map(async (file) => [
    path.basename(file, '.json'),
    JSON.parse(await readFile(fromRoot(FOLDER, file), 'utf8')),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

/** The files of the released contract once what is compatible has been added; examples only ever become more. */
export function releasedFiles(released, current) {
  const entries = Object.entries(current).map(([type, message]) => {
    const kept = (released[type]?.examples ?? []).filter(
      ({ payload }) => !message.examples.some((example) => isDeepStrictEqual(example.payload, payload)),
    );
    const content = { ...message, examples: [...message.examples, ...kept] };
    return [path.join(FOLDER, `${type}.json`), `${JSON.stringify(content, null, 2)}\n`];
  });
  return Object.fromEntries(entries);
}
