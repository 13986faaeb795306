import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError } from '@tenantry/service';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readSigningKey, SIGNING_KEY_REFERENCE } from './key-reference.js';
import { NoTrustedKeys, readTrustedKeys } from './trusted-keys.js';

const pem = (kind: 'ed25519' | 'x25519'): string =>
  (kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')).privateKey
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();

describe('SIGNING_KEY', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tenantry-key-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('names a file or a variable', async () => {
    const file = path.join(folder, 'key.pem');
    writeFileSync(file, pem('ed25519'), { mode: 0o640 });
    const key = await readSigningKey(`file:${file}`, {});
    expect(key.jwk).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      x: key.jwk.x,
      kid: key.kid,
      use: 'sig',
      alg: 'EdDSA',
    });
    const text = pem('ed25519');
    const fromVariable = await readSigningKey('env:THE_KEY', { THE_KEY: text });
    const onOneLine = await readSigningKey('env:THE_KEY', { THE_KEY: text.replaceAll('\n', '\\n') });
    expect(onOneLine.kid).toBe(fromVariable.kid);
    expect(fromVariable.kid).not.toBe(key.kid);
  });

  it('is no file that everybody can read', async () => {
    const file = path.join(folder, 'open.pem');
    writeFileSync(file, pem('ed25519'));
    chmodSync(file, 0o644);
    await expect(readSigningKey(`file:${file}`, {})).rejects.toThrow(/SIGNING_KEY .* can read: chmod o=/);
    chmodSync(file, 0o640);
    expect((await readSigningKey(`file:${file}`, {})).jwk.kty).toBe('OKP');
  });

  it("is named by its thumbprint as RFC 8037's example is", async () => {
    // RFC 8037, A.1 to A.3.
    const d = Buffer.from('nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A', 'base64url');
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), d]).toString(
      'base64',
    );
    const key = await readSigningKey('env:K', {
      K: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
    });
    expect(key.jwk.x).toBe('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo');
    expect(key.kid).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('says what is wrong and how to make a key, and nothing of what it read', async () => {
    const secret = 'not-a-key-but-a-secret';
    writeFileSync(path.join(folder, 'wrong'), secret, { mode: 0o600 });
    const cases: [string | undefined, Record<string, string>][] = [
      [undefined, {}],
      ['env:NOT_THERE', {}],
      ['env:WRONG', { WRONG: secret }],
      ['env:OTHER_KIND', { OTHER_KIND: pem('x25519') }],
      [`file:${path.join(folder, 'wrong')}`, {}],
      [`file:${path.join(folder, 'missing')}`, {}],
      [`file:${folder}`, {}],
    ];
    for (const [reference, environment] of cases) {
      const error = await readSigningKey(reference, environment).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(ConfigError);
      const { message, cause } = error as ConfigError;
      expect(message).toContain('SIGNING_KEY');
      expect(message + String(cause)).not.toContain(secret);
      expect(message + String(cause)).not.toContain('PRIVATE KEY-----');
    }
    const missing = await readSigningKey(undefined, {}).catch((failure: unknown) => failure);
    expect((missing as ConfigError).message).toContain('openssl genpkey -algorithm ed25519');
  });

  it.each(['file:relative', '/path', 'env:', 'env:1X', 'env:A B', 'vault:x', 'file:'])(
    'cannot be %s',
    (text) => {
      expect(SIGNING_KEY_REFERENCE.test(text)).toBe(false);
    },
  );
});

describe('trusted keys', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const other = generateKeyPairSync('ed25519').publicKey;
  const spki = (key: typeof publicKey): string => key.export({ type: 'spki', format: 'pem' }).toString();

  it.each([
    [
      'a key set',
      JSON.stringify({ keys: [other.export({ format: 'jwk' }), publicKey.export({ format: 'jwk' })] }),
      2,
    ],
    ['one key', `\n ${JSON.stringify(publicKey.export({ format: 'jwk' }))}`, 1],
    ['PEM', spki(publicKey), 1],
    ['several PEM', `# ours\n${spki(other)}\n${spki(publicKey)}`, 2],
    ['the private key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 1],
  ])('are read from %s', (_what, text, count) => {
    const keys = readTrustedKeys(text);
    expect(keys).toHaveLength(count);
    expect(keys.at(-1)?.equals(publicKey)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['no keys', '{"keys": []}'],
    ['broken JSON', '{"keys": '],
    ['no key at all', '{"keys": [{"kty": "OKP"}]}'],
    ['another kind', spki(generateKeyPairSync('x25519').publicKey)],
    ['broken PEM', '-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----'],
  ])('are not read from %s', (_what, text) => {
    expect(() => readTrustedKeys(text)).toThrow(NoTrustedKeys);
  });
});
