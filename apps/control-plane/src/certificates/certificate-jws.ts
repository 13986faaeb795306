import { CompactSign, compactVerify, errors } from 'jose';
import type { KeyObject } from 'node:crypto';
import { canonicalJson } from '../audit/canonical-json.js';
import { ALGORITHM, type SigningKey } from '../signing/signing-key.js';
import { CERTIFICATE_TYPE, type Certificate } from './certificate.js';

/** Signs a certificate: a compact JWS (RFC 7515) of its canonical JSON. */
export function signCertificate(certificate: Certificate, key: SigningKey): Promise<string> {
  return new CompactSign(Buffer.from(canonicalJson(certificate)))
    .setProtectedHeader({ alg: ALGORITHM, kid: key.kid, typ: CERTIFICATE_TYPE })
    .sign(key.privateKey);
}

/** The payload of a certificate that one of the keys signed; `undefined` when none did. Its content is not looked at. */
export async function openCertificate(jws: string, keys: readonly KeyObject[]): Promise<unknown> {
  for (const key of keys) {
    try {
      const { payload, protectedHeader } = await compactVerify(jws, key, { algorithms: [ALGORITHM] });
      if (protectedHeader.typ !== CERTIFICATE_TYPE) return undefined;
      return JSON.parse(Buffer.from(payload).toString('utf8'));
    } catch (error) {
      if (!(error instanceof errors.JOSEError || error instanceof SyntaxError)) throw error;
    }
  }
  return undefined;
}
