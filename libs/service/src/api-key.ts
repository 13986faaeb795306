import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { newId } from '@tenantry/kernel';

const KEY = /^tnt_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
const HASH = /^[0-9a-f]{64}$/;

/** A freshly made key. */
export interface NewApiKey {
  /** UUIDv7; also readable inside the key, so that a lookup needs no scan. */
  readonly id: string;
  /** `tnt_<id without dashes>_<256 bits, base64url>`: shown once, never stored. */
  readonly key: string;
  /** What is stored. */
  readonly hash: string;
}

/** Makes an API key. */
export function newApiKey(): NewApiKey {
  const id = newId();
  const key = `tnt_${id.replaceAll('-', '')}_${randomBytes(32).toString('base64url')}`;
  return { id, key, hash: hashApiKey(key) };
}

/** The id inside a key, as a UUID, or `undefined` when the text has not the form of a key. */
export function apiKeyId(key: string): string | undefined {
  const match = KEY.exec(key);
  return match ? match.slice(1, 6).join('-') : undefined;
}

/** SHA-256 of the whole key, hex. The secret has 256 random bits, so a slow hash would add nothing. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}

/** Whether a text is a stored key hash: 64 lower-case hex digits. */
export function isApiKeyHash(text: string): boolean {
  return HASH.test(text);
}

/** Compares a presented key with a stored hash, in constant time. */
export function apiKeyMatches(key: string, storedHash: string): boolean {
  if (!isApiKeyHash(storedHash)) return false;
  return timingSafeEqual(Buffer.from(hashApiKey(key), 'hex'), Buffer.from(storedHash, 'hex'));
}
