import { StringDecoder } from 'node:string_decoder';

/**
 * The lines of a UTF-8 text, without their line feeds, one at a time. Only a line feed ends a line: what else Unicode breaks lines at may
 * stand inside a JSON string (RFC 8259).
 */
export async function* linesIn(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let begun: string[] = [];
  for await (const chunk of chunks) {
    const parts = decoder.write(chunk).split('\n');
    for (const part of parts.slice(0, -1)) {
      yield [...begun, part].join('');
      begun = [];
    }
    begun.push(parts.at(-1) ?? '');
  }
  const last = [...begun, decoder.end()].join('');
  if (last !== '') yield last;
}
