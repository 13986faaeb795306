import type { ContextSigner, SignedTerms } from './signing/context-signer.js';

/** What `tenantry.enter` is told; `generation` is that of the route that the caller knows. */
export type EntryTerms = SignedTerms;

/** Who signs, and the server's process behind the connection on which the statement will run. */
export interface Signing {
  readonly signer: ContextSigner;
  readonly backendPid: number;
}

/**
 * The statement that opens a tenant's context, signed where the service signs. Unnamed and with bound parameters: nothing
 * prepared under a driver's name can take its place, and no token is seen in `pg_stat_activity`.
 */
export function enterStatement(terms: EntryTerms, signing?: Signing): { text: string; values: unknown[] } {
  const values = [terms.tenantId, terms.generation, terms.readOnly ? 'r' : 'w'];
  if (!signing) return { text: 'SELECT tenantry.enter($1, $2, $3)', values };
  const { expiresAt, keyId, mac, pid } = signing.signer.sign(terms, signing.backendPid);
  return {
    text: 'SELECT tenantry.enter($1, $2, $3, $4, $5, $6, $7)',
    values: [...values, expiresAt, keyId, mac, pid],
  };
}
