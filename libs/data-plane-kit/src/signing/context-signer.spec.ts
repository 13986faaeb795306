import { createHash, createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { SecretUnreadable } from '../credentials/secret.js';
import { ContextSigner } from './context-signer.js';
import { SigningKey } from './signing-key.js';
import { signingKeyOf } from './signing-key-of.js';

const SECRET = 'a secret that has thirty-two characters, and more than that';
const TENANT = '019a0000-0000-7000-8000-00000000000a';

describe('a signing key', () => {
  it.each([SECRET, 'x'.repeat(64), 'longer than one block of the hash '.repeat(3)])(
    'computes what RFC 2104 says, and from its pads a database does too: %s',
    (secret) => {
      const key = new SigningKey(secret);
      const expected = createHmac('sha256', secret).update('message').digest('hex');
      const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
      const { inner, outer } = key.pads;
      expect(key.mac('message').toString('hex')).toBe(expected);
      expect(sha256(outer, sha256(inner, Buffer.from('message'))).toString('hex')).toBe(expected);
    },
  );

  it('has a number that follows from the secret', () => {
    expect(new SigningKey(SECRET).id).toBe(new SigningKey(SECRET).id);
    expect(new SigningKey(SECRET).id).not.toBe(new SigningKey(`${SECRET}.`).id);
  });

  it('shows its secret to nobody who prints it, nor in what it says of a short one', () => {
    expect(inspect(new SigningKey(SECRET), { depth: 9, showHidden: true })).not.toContain('secret');
    expect(() => new SigningKey('too short a secret')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    );
  });
});

describe('the key of a secret', () => {
  const rotated = `${SECRET}, the next one`;

  it('is read again after a while, and stays in use where it cannot be', () => {
    let [now, text]: [number, string | undefined] = [0, SECRET];
    const read = (): string => {
      if (text === undefined) throw new SecretUnreadable('file:/key', 'ENOENT');
      return text;
    };
    const key = signingKeyOf({ name: 'file:/key', read }, () => now);
    text = rotated;
    expect(key().id).toBe(new SigningKey(SECRET).id);
    now = 5000;
    expect(key().id).toBe(new SigningKey(rotated).id);
    [now, text] = [10_000, undefined];
    expect(key().id).toBe(new SigningKey(rotated).id);
  });

  it('must be there at first', () => {
    const read = (): string => {
      throw new SecretUnreadable('file:/key', 'ENOENT');
    };
    expect(() => signingKeyOf({ name: 'file:/key', read })).toThrow(SecretUnreadable);
  });
});

describe('a context signer', () => {
  const key = new SigningKey(SECRET);
  const terms = { tenantId: TENANT.toUpperCase(), generation: 3, readOnly: true };

  it('signs tenant, generation, mode, expiry and process', () => {
    const { expiresAt, ...token } = new ContextSigner({ key: () => key, now: () => 1000 }).sign(terms, 42);
    expect(token).toEqual({ keyId: key.id, pid: 42, mac: key.mac(`${TENANT}|3|r|${expiresAt}|42`) });
    expect(expiresAt).toBe(31_000);
  });

  it('binds to no process behind a pooler, and for a few seconds only', () => {
    const signer = new ContextSigner({ key: () => key, binding: 'none', now: () => 1000 });
    expect(signer.sign(terms, 42)).toMatchObject({ pid: 0, expiresAt: 6000 });
  });

  it('signs with the key of the moment', () => {
    const other = new SigningKey(`${SECRET}, the next one`);
    let current = key;
    const signer = new ContextSigner({ key: () => current });
    current = other;
    expect(signer.sign(terms, 1).keyId).toBe(other.id);
  });
});
