import { createHash, verify, type KeyObject } from 'node:crypto';

/** A C2SP signed note (c2sp.org/signed-note): text, and who signed it. */
export interface SignedNote {
  /** With its final newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  /** Eight hex digits. */
  readonly keyId: string;
  readonly signature: Buffer;
}

const ED25519 = Buffer.from([0x01]);
const SIGNATURE_LINE = /^\u2014 (?<name>[^\s+]+) (?<base64>[A-Za-z0-9+/]+={0,2})$/u;
const KEY_NAME = /^[^\s+\p{Cc}]+$/u;

/** The note with one signature of this name. `sign` makes an Ed25519 signature of the text. */
export function writeNote(
  text: string,
  name: string,
  publicKey: Buffer,
  sign: (text: Buffer) => Buffer,
): string {
  if (!KEY_NAME.test(name)) throw new RangeError('a key name has no blanks and no plus');
  if (!text.endsWith('\n')) throw new RangeError('the text of a note ends with a newline');
  const signature = Buffer.concat([Buffer.from(keyIdOf(name, publicKey), 'hex'), sign(Buffer.from(text))]);
  return `${text}\n\u2014 ${name} ${signature.toString('base64')}\n`;
}

/** Reads a note without believing it. @returns `undefined` when it is none. */
export function readNote(note: string): SignedNote | undefined {
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return undefined;
  const lines = note.slice(split + 2, -1).split('\n');
  const signatures = lines.map(signatureOf);
  return signatures.every((signature) => signature !== undefined)
    ? { text: note.slice(0, split + 1), signatures }
    : undefined;
}

function signatureOf(line: string): NoteSignature | undefined {
  const { name, base64 } = SIGNATURE_LINE.exec(line)?.groups ?? {};
  if (name === undefined || base64 === undefined) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length <= 4) return undefined;
  return { name, keyId: bytes.subarray(0, 4).toString('hex'), signature: bytes.subarray(4) };
}

/**
 * Whether a note is signed by one of the keys under this name. Signatures of others are ignored, as the format asks for: witnesses may have
 * added theirs.
 */
export function isSignedBy(note: SignedNote, name: string, keys: readonly KeyObject[]): boolean {
  return keys.some((key) => {
    const keyId = keyIdOf(name, rawPublicKey(key));
    return note.signatures.some(
      (each) =>
        each.name === name &&
        each.keyId === keyId &&
        verify(null, Buffer.from(note.text), key, each.signature),
    );
  });
}

/** SHA-256(name ‖ newline ‖ 0x01 ‖ key), its first four bytes. */
function keyIdOf(name: string, publicKey: Buffer): string {
  const hash = createHash('sha256').update(`${name}\n`).update(ED25519).update(publicKey);
  return hash.digest('hex').slice(0, 8);
}

/** The 32 bytes of an Ed25519 public key (RFC 8032). */
export function rawPublicKey(key: KeyObject): Buffer {
  const { x } = key.export({ format: 'jwk' });
  if (x === undefined) throw new RangeError('the key is no Ed25519 key');
  return Buffer.from(x, 'base64url');
}
