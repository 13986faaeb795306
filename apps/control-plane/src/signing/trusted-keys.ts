import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

/** The file has no key that anything could be verified with. */
export class NoTrustedKeys extends Error {
  constructor(readonly why: string) {
    super(`no Ed25519 public key can be read: ${why}`);
    this.name = 'NoTrustedKeys';
  }
}

const PEM_BLOCK = /-----BEGIN ([A-Z ]+)-----[^]+?-----END \1-----/g;

/**
 * Reads public keys that somebody trusts: a JSON Web Key Set as /.well-known/jwks.json has it, a single JWK, or PEM.
 * @throws NoTrustedKeys
 */
export function readTrustedKeys(text: string): KeyObject[] {
  const keys = text.trimStart().startsWith('{') ? jwksOf(text) : (text.match(PEM_BLOCK) ?? []).map(fromPem);
  const ed25519 = keys.filter((key) => key.asymmetricKeyType === 'ed25519');
  if (ed25519.length === 0)
    throw new NoTrustedKeys(keys.length === 0 ? 'there is none' : 'they are of other kinds');
  return ed25519;
}

function jwksOf(text: string): KeyObject[] {
  try {
    const parsed = JSON.parse(text) as JsonWebKey & { keys?: JsonWebKey[] };
    return (parsed.keys ?? [parsed]).map((key) => createPublicKey({ key, format: 'jwk' }));
  } catch (cause) {
    throw unreadable('it is no JSON Web Key Set', cause);
  }
}

function fromPem(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw unreadable('it is no PEM of a public key', cause);
  }
}

function unreadable(why: string, cause: unknown): NoTrustedKeys {
  return Object.assign(new NoTrustedKeys(why), { cause });
}
