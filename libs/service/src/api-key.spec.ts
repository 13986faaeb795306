import { describe, expect, it } from '@jest/globals';
import { isUuid } from '@tenantry/kernel';
import { apiKeyId, apiKeyMatches, hashApiKey, isApiKeyHash, newApiKey } from './api-key.js';

describe('an API key', () => {
  it('carries its id and matches its hash alone', () => {
    const made = newApiKey();
    expect(made.key).toMatch(/^tnt_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/);
    expect(isUuid(made.id)).toBe(true);
    expect(apiKeyId(made.key)).toBe(made.id);
    expect(isApiKeyHash(made.hash)).toBe(true);
    expect(apiKeyMatches(made.key, made.hash)).toBe(true);
    expect(apiKeyMatches(newApiKey().key, made.hash)).toBe(false);
    expect(hashApiKey(made.key)).toBe(made.hash);
  });

  it.each(['', 'tnt_', 'tnt_0123_abc', `tnt_${'g'.repeat(32)}_${'a'.repeat(43)}`, `x${newApiKey().key}`])(
    'is not read out of %j',
    (text) => {
      expect(apiKeyId(text)).toBeUndefined();
    },
  );

  it('matches nothing that is no hash', () => {
    expect(apiKeyMatches('', '')).toBe(false);
    expect(apiKeyMatches('k', 'K'.repeat(64))).toBe(false);
  });
});
