import { type Secret, SecretUnreadable } from '../credentials/secret.js';
import { SigningKey } from './signing-key.js';

/** How long a key that was read is used before it is looked at again, in milliseconds. */
const READ_AGAIN_MS = 5000;

/**
 * The key that a secret holds, for a `ContextSigner`: read now, and again every few seconds, so that a changed file needs no
 * restart. The databases must know a key before it is put there. One that cannot be read any more stays in use as it was.
 *
 * @param now the time in milliseconds. Default: the system's.
 * @throws SecretUnreadable or RangeError when it cannot be had now.
 */
export function signingKeyOf(secret: Secret, now: () => number = Date.now): () => SigningKey {
  let text = secret.read();
  let key = new SigningKey(text);
  let readAt = now();
  return () => {
    if (now() - readAt < READ_AGAIN_MS) return key;
    readAt = now();
    const found = readable(secret) ?? text;
    if (found !== text) [text, key] = [found, new SigningKey(found)];
    return key;
  };
}

function readable(secret: Secret): string | undefined {
  try {
    return secret.read();
  } catch (error) {
    if (error instanceof SecretUnreadable) return undefined;
    throw error;
  }
}
