import { createHash, type KeyObject } from 'node:crypto';

/** The RFC 7638 thumbprint of an Ed25519 public key (RFC 8037, A.3): how the key is named everywhere. */
export function thumbprint(key: KeyObject): string {
  const { x } = key.export({ format: 'jwk' });
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url');
}
