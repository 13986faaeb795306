import { InvalidRequest } from './request-errors.js';
import { findInsaneText } from './text-sanity.js';

/** Writes a place in a list as an opaque token. It is no secret and no capability: authorise what it leads to. */
export function encodeCursor(place: unknown): string {
  return Buffer.from(JSON.stringify(place), 'utf8').toString('base64url');
}

/**
 * Reads a token that {@link encodeCursor} wrote. A caller may have made it up, with text that no request may hold in the open.
 * @param isPlace the check of the content's form.
 * @throws InvalidRequest (pointer `/cursor`) for anything else.
 */
export function decodeCursor<T>(token: string, isPlace: (value: unknown) => value is T): T {
  try {
    const bytes = Buffer.from(token, 'base64url');
    // Node skips characters that are no base64url; a token must be the canonical spelling of its bytes.
    if (bytes.toString('base64url') === token) {
      const place: unknown = JSON.parse(bytes.toString('utf8'));
      if (findInsaneText('query', place).length === 0 && isPlace(place)) return place;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new InvalidRequest([
    { in: 'query', pointer: '/cursor', detail: 'must be a nextCursor of an earlier answer, unchanged' },
  ]);
}
