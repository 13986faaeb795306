import { hash } from 'node:crypto';

/** What HMAC-SHA256 works in, in bytes. */
const BLOCK = 64;
/** Shorter secrets can be guessed; `openssl rand -hex 32` gives 64 characters. */
const LEAST_CHARACTERS = 32;

/**
 * The secret that a service shares with its databases: the service signs with it to open a tenant's context, and
 * `tenantry.enter` verifies. Named by a number that follows from it, so that a rotation has nothing to count. A log shows nothing of it.
 */
export class SigningKey {
  /** What a token names its key by: the first 31 bits of a hash, from which nothing follows about the key. */
  readonly id: number;
  readonly #inner: Buffer;
  readonly #outer: Buffer;

  /** @throws RangeError, without the secret in it, for fewer than 32 characters. */
  constructor(secret: string) {
    if (secret.length < LEAST_CHARACTERS)
      throw new RangeError(
        `A key for signing needs at least ${LEAST_CHARACTERS} characters; make one with openssl rand -hex 32.`,
      );
    const secretBytes = Buffer.from(secret, 'utf8');
    const key = secretBytes.length > BLOCK ? sha256(secretBytes) : secretBytes;
    const padded = Buffer.concat([key], BLOCK);
    this.#inner = Buffer.from(padded.map((byte) => byte ^ 0x36));
    this.#outer = Buffer.from(padded.map((byte) => byte ^ 0x5c));
    this.id = sha256(Buffer.from('tenantry-key-id:'), key).readUInt32BE() >>> 1;
  }

  /** RFC 2104, with SHA-256. Two hashes and not `createHmac`, which makes a key object each time: many times the work. */
  mac(message: string): Buffer {
    return sha256(this.#outer, sha256(this.#inner, Buffer.from(message, 'utf8')));
  }

  /** The two padded keys of RFC 2104, from which a database computes the same without any extension. */
  get pads(): { readonly inner: Buffer; readonly outer: Buffer } {
    return { inner: this.#inner, outer: this.#outer };
  }
}

function sha256(...parts: Buffer[]): Buffer {
  return hash('sha256', Buffer.concat(parts), 'buffer');
}
