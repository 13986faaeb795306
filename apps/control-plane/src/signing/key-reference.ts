import { ConfigError, type Environment } from '@tenantry/service';
import { open } from 'node:fs/promises';
import { SigningKey, UnfitSigningKey } from './signing-key.js';

/** Where a key is, instead of the key: `file:/path` or `env:NAME`. */
export const SIGNING_KEY_REFERENCE = /^(?:file:\/[^\0]+|env:[A-Za-z_][A-Za-z0-9_]*)$/;

const READABLE_BY_OTHERS = 0o004;

const HOW =
  'make a key with `openssl genpkey -algorithm ed25519 -out signing-key.pem` and set SIGNING_KEY=file:/path/of/signing-key.pem';

/**
 * Reads the key that a reference names: an Ed25519 private key, PKCS#8 PEM.
 * @throws ConfigError naming SIGNING_KEY, what is wrong with it and how to make one; never anything of the key.
 */
export async function readSigningKey(
  reference: string | undefined,
  environment: Environment,
): Promise<SigningKey> {
  if (reference === undefined) {
    throw new ConfigError([
      `SIGNING_KEY is required by the workers, which sign audit checkpoints and deletion certificates: ${HOW}, or =env:NAME of a variable that holds it`,
    ]);
  }
  const pem = await pemOf(reference, environment);
  try {
    return await SigningKey.fromPem(pem);
  } catch (error) {
    if (!(error instanceof UnfitSigningKey)) throw error;
    throw new ConfigError([`SIGNING_KEY must name an Ed25519 private key in PKCS#8 PEM: ${HOW}`]);
  }
}

async function pemOf(reference: string, environment: Environment): Promise<string> {
  const name = reference.slice(reference.indexOf(':') + 1);
  if (reference.startsWith('env:')) {
    const pem = environment[name];
    if (!pem) throw new ConfigError([`SIGNING_KEY names the variable ${name}, which is not set`]);
    // One line is all that some ways of passing variables leave.
    return pem.replaceAll('\\n', '\n');
  }
  try {
    const file = await open(name);
    try {
      const { mode } = await file.stat();
      // Windows has no such bits, and shows them as if everybody might read.
      if (process.platform !== 'win32' && (mode & READABLE_BY_OTHERS) !== 0)
        throw new ConfigError([
          `SIGNING_KEY names the file ${name}, which every login of the machine can read: chmod o= ${name} (its group may keep reading it)`,
        ]);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ConfigError([`SIGNING_KEY names the file ${name}, which cannot be read (${code}): ${HOW}`]);
  }
}
