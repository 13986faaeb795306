import type { HttpResponse } from '@tenantry/service';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Sends texts as fast as they are taken. When one cannot be read, the connection is cut: an orderly end would make what came so far look
 * like everything. A caller that leaves is no error.
 */
export async function sendLines(lines: AsyncIterable<string>, response: HttpResponse): Promise<void> {
  try {
    await pipeline(Readable.from(lines, { objectMode: true, highWaterMark: 1 }), response);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    throw error;
  }
}
