import { calculateJwkThumbprint, compactVerify, errors } from 'jose';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isSignedCheckpoint, readCheckpoint } from '../audit/checkpoint.js';
import type { ClaimedKey } from './signing-key.store.js';
import { ALGORITHM, type PublicJwk } from './signing-key.js';

/**
 * A key that may be published: named by its own thumbprint, and with something in the database that it did sign. A row alone is not
 * enough, since every process with the service's login may write one. Nothing but the public members of the key is passed on.
 */
export async function usedKey({ kid, jwk, note, jws }: ClaimedKey): Promise<PublicJwk | undefined> {
  const key = publicKeyOf(jwk);
  const { x } = key?.export({ format: 'jwk' }) ?? {};
  if (!key || x === undefined) return undefined;
  const required = { kty: 'OKP', crv: 'Ed25519', x } as const;
  if ((await calculateJwkThumbprint(required)) !== kid) return undefined;
  if (!signedNote(note, key) && !(await signedJws(jws, key))) return undefined;
  return { ...required, kid, use: 'sig', alg: ALGORITHM };
}

function publicKeyOf(jwk: unknown): KeyObject | undefined {
  if (typeof jwk !== 'object' || jwk === null || !('x' in jwk) || typeof jwk.x !== 'string') return undefined;
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: jwk.x }, format: 'jwk' });
  } catch {
    // Whatever it is, it is no key.
    return undefined;
  }
}

function signedNote(note: string | null, key: KeyObject): boolean {
  const checkpoint = note === null ? undefined : readCheckpoint(note);
  return checkpoint !== undefined && isSignedCheckpoint(checkpoint, [key]);
}

async function signedJws(jws: string | null, key: KeyObject): Promise<boolean> {
  if (jws === null) return false;
  try {
    await compactVerify(jws, key, { algorithms: [ALGORITHM] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}
