import { describe, expect, it } from '@jest/globals';
import { SigningKey } from '@tenantry/data-plane-kit';
import { type Environment, readConfig } from '@tenantry/service';
import { MIGRATE_SIGNING, SERVE_SIGNING, signerOf, signingOf } from './signing.config.js';

const KEYS = {
  KEY: 'the present key, long enough to be one',
  OTHER: 'the other key, long enough to be one too',
};
const SIGNED = { ...KEYS, CONTEXT_SIGNING: 'mac', CONTEXT_SIGNING_KEY: 'env:KEY' };

const serve = (from: Environment) => signerOf(readConfig(SERVE_SIGNING, from), from);
const migrate = (from: Environment) => signingOf(readConfig(MIGRATE_SIGNING, from), from);

describe('the configuration of signed contexts', () => {
  it('leaves the database as it is, and does not sign, where nothing is said', () => {
    expect([migrate({}), serve({})]).toEqual([undefined, undefined]);
  });

  it('switches it off where that is said', () => {
    expect([migrate({ CONTEXT_SIGNING: 'off' }), serve({ CONTEXT_SIGNING: 'off' })]).toEqual([
      { marker: 'off' },
      undefined,
    ]);
  });

  it('gives the database the present key and the other one, and signs with the present one', () => {
    const from = { ...SIGNED, CONTEXT_SIGNING_OTHER_KEY: 'env:OTHER', CONTEXT_SIGNING_UNSIGNED: 'accepted' };
    expect(migrate(from)).toMatchObject({ marker: 'mac', unsigned: 'accepted', overlapMs: 3_600_000 });
    const keys = [KEYS.KEY, KEYS.OTHER].map((secret) => new SigningKey(secret).id);
    expect(migrate(from)).toMatchObject({ keys: keys.map((id) => ({ id })) });
    expect(serve(from)?.keyId).toBe(keys[0]);
  });

  it('is bound to the server’s process unless told otherwise', () => {
    const terms = { tenantId: 'x', generation: 1, readOnly: true };
    expect(serve(SIGNED)?.sign(terms, 42).pid).toBe(42);
    expect(serve({ ...SIGNED, CONTEXT_SIGNING_BINDING: 'none' })?.sign(terms, 42).pid).toBe(0);
  });

  it.each([
    ['no key', { ...SIGNED, CONTEXT_SIGNING_KEY: '' }, /CONTEXT_SIGNING_KEY is required/],
    ['a key that is not there', { ...SIGNED, KEY: '' }, /CONTEXT_SIGNING_KEY: .*env:KEY/],
    ['a key that is too short', { ...SIGNED, KEY: 'short secret' }, /CONTEXT_SIGNING_KEY: .*32 characters/],
    [
      'a key in the place of its reference',
      { ...SIGNED, CONTEXT_SIGNING_KEY: 'a secret in the open' },
      /CONTEXT_SIGNING_KEY must/,
    ],
  ])('refuses %s, and shows nothing of it', (_what, from, message) => {
    for (const read of [serve, migrate]) {
      expect(() => read(from)).toThrow(message);
      expect(() => read(from)).not.toThrow(/secret in|short secret/);
    }
  });
});
