import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';

/** How a JWS names Ed25519 (RFC 8037). */
export const ALGORITHM = 'EdDSA';

/** An Ed25519 public key as it is published (RFC 8037). */
export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  /** Its RFC 7638 thumbprint. */
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: typeof ALGORITHM;
}

/** What checkpoints and certificates are signed with. The private key never leaves the process. */
export class SigningKey {
  private constructor(
    readonly privateKey: KeyObject,
    readonly publicKey: KeyObject,
    readonly jwk: PublicJwk,
  ) {}

  /** @param pem PKCS#8. @throws UnfitSigningKey, whose message holds nothing of the text. */
  static async fromPem(pem: string): Promise<SigningKey> {
    let privateKey: KeyObject;
    try {
      privateKey = createPrivateKey(pem);
    } catch {
      // The cause may quote what it could not read.
      throw new UnfitSigningKey();
    }
    if (privateKey.asymmetricKeyType !== 'ed25519') throw new UnfitSigningKey();
    const publicKey = createPublicKey(privateKey);
    return new SigningKey(privateKey, publicKey, await publicJwkOf(publicKey));
  }

  get kid(): string {
    return this.jwk.kid;
  }

  sign(bytes: Buffer): Buffer {
    return sign(null, bytes, this.privateKey);
  }
}

/** The key cannot be used. */
export class UnfitSigningKey extends Error {
  constructor() {
    super('not an Ed25519 private key in PKCS#8 PEM');
    this.name = 'UnfitSigningKey';
  }
}

async function publicJwkOf(key: KeyObject): Promise<PublicJwk> {
  const { x } = key.export({ format: 'jwk' });
  if (x === undefined) throw new UnfitSigningKey();
  const required = { kty: 'OKP', crv: 'Ed25519', x } as const;
  return { ...required, kid: await calculateJwkThumbprint(required), use: 'sig', alg: ALGORITHM };
}
