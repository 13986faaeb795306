import { apiKeyMatches, hashApiKey, type Actor, type ApiKeyAuthenticator } from '@tenantry/service';

/**
 * The keys of the services that may call us, as configured: known by hash alone, so that we serve without the
 * control plane. Each may read and write; which tenant a call is about is told by the `Tenantry-Tenant` header.
 */
export class ApiKeyHashes implements ApiKeyAuthenticator {
  constructor(private readonly hashes: readonly string[]) {}

  async authenticate(key: string): Promise<Actor | undefined> {
    // Every hash is compared, whichever matches, so that the time taken tells nothing.
    const matches = this.hashes.filter((hash) => apiKeyMatches(key, hash));
    if (matches.length === 0) return undefined;
    return { id: `key:${hashApiKey(key).slice(0, 12)}`, name: 'service', role: 'operator' };
  }
}
