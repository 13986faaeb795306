import { beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { SigningKey } from '../signing/signing-key.js';
import { checkpointText, isSignedCheckpoint, readCheckpoint, splitNotes } from './checkpoint.js';
import { rawPublicKey, readNote, isSignedBy, writeNote } from './signed-note.js';

const ROOT = createHash('sha256').update('root').digest();
const ORIGIN = 'tenantry/audit/1';

async function newKey(): Promise<SigningKey> {
  const { privateKey } = generateKeyPairSync('ed25519');
  return SigningKey.fromPem(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

describe('a checkpoint', () => {
  let key: SigningKey;
  let note: string;
  beforeAll(async () => {
    key = await newKey();
    const text = checkpointText({ origin: ORIGIN, size: 12, root: ROOT });
    note = writeNote(text, ORIGIN, rawPublicKey(key.publicKey), (bytes) => key.sign(bytes));
  });

  it('is a signed note by the letter of the format', () => {
    const [text = '', signatureLine = ''] = note.split('\n\n');
    expect(text).toBe(`${ORIGIN}\n12\n${ROOT.toString('base64')}`);
    const [dash, name, base64] = signatureLine.trimEnd().split(' ');
    expect([dash, name]).toEqual(['—', ORIGIN]);
    const bytes = Buffer.from(base64!, 'base64');
    const spki = key.publicKey.export({ type: 'spki', format: 'der' });
    const expected = createHash('sha256')
      .update(Buffer.concat([Buffer.from(ORIGIN), Buffer.from([0x0a, 0x01]), spki.subarray(-32)]))
      .digest();
    expect(bytes.subarray(0, 4)).toEqual(expected.subarray(0, 4));
    expect(verify(null, Buffer.from(`${text}\n`), key.publicKey, bytes.subarray(4))).toBe(true);
  });

  it('is read again, and believed only with the right key', async () => {
    const read = readCheckpoint(note)!;
    expect(read).toMatchObject({ origin: ORIGIN, size: 12, root: ROOT });
    expect(isSignedCheckpoint(read, [key.publicKey])).toBe(true);
    const other = await newKey();
    expect(isSignedCheckpoint(read, [other.publicKey])).toBe(false);
    expect(isSignedCheckpoint(read, [other.publicKey, key.publicKey])).toBe(true);
    expect(isSignedCheckpoint(read, [])).toBe(false);
  });

  it('is believed no more when anything of it is another', () => {
    const signed = (text: string): boolean => {
      const read = readCheckpoint(text);
      return read !== undefined && isSignedCheckpoint(read, [key.publicKey]);
    };
    expect(signed(note)).toBe(true);
    expect(signed(note.replace('\n12\n', '\n11\n'))).toBe(false);
    expect(signed(note.replaceAll(ORIGIN, 'tenantry/audit/2'))).toBe(false);
    expect(signed(note.replace(ROOT.toString('base64'), Buffer.alloc(32).toString('base64')))).toBe(false);
    expect(signed(note.replace('\n12\n', '\n012\n'))).toBe(false);
    expect(signed(note.replace('\n\n', '\nmore\n\n'))).toBe(false);
    expect(signed(note.trimEnd())).toBe(false);
  });

  it('may carry the signatures of witnesses', () => {
    const witnessed = `${note}— witness.example/w ${Buffer.alloc(76, 1).toString('base64')}\n`;
    expect(isSignedCheckpoint(readCheckpoint(witnessed)!, [key.publicKey])).toBe(true);
  });

  it('lies with others in one file', () => {
    const second = note.replace('\n12\n', '\n13\n');
    expect(splitNotes(`${note}\n${second}\n`)).toEqual([note, second]);
    expect(splitNotes(note)).toEqual([note]);
    expect(splitNotes(`${note}\n${second.slice(0, 40)}`)).toEqual([note]);
    expect(splitNotes('')).toEqual([]);
  });
});

describe('a signed note', () => {
  it("is read as the format's own example is", () => {
    const example =
      'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n' +
      '— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n';
    const note = readNote(example)!;
    expect(note.text.endsWith('sera.\n')).toBe(true);
    expect(note.signatures).toMatchObject([{ name: 'quasimodo.example/salvatore', keyId: '367ba04b' }]);
  });

  it("is verified as the example of Go's package note is", () => {
    const key = createPublicKey({
      key: {
        kty: 'OKP',
        crv: 'Ed25519',
        x: Buffer.from('ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'base64')
          .subarray(1)
          .toString('base64url'),
      },
      format: 'jwk',
    });
    const text =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const signature =
      'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=';
    const note = readNote(`${text}\n— PeterNeumann ${signature}\n`)!;
    expect(isSignedBy(note, 'PeterNeumann', [key])).toBe(true);
    expect(isSignedBy(note, 'EnochRoot', [key])).toBe(false);
    expect(isSignedBy({ ...note, text: `${text}\n` }, 'PeterNeumann', [key])).toBe(false);
  });

  it('has a name without blanks, and a text that ends a line', () => {
    const sign = (): Buffer => Buffer.alloc(64);
    expect(() => writeNote('x\n', 'a b', Buffer.alloc(32), sign)).toThrow(RangeError);
    expect(() => writeNote('x\n', 'a+b', Buffer.alloc(32), sign)).toThrow(RangeError);
    expect(() => writeNote('x', 'a', Buffer.alloc(32), sign)).toThrow(RangeError);
    for (const text of ['', '\n', 'x\n', 'x\n\n', 'x\n\nno signature\n', 'x\n\n— a AAAA\n']) {
      expect(readNote(text)).toBeUndefined();
    }
  });
});
