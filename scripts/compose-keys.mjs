/**
 * `npm run compose-keys`: makes the keys that docker-compose.yml's applications need, once, in `.env` (mode 0600, git-ignored), which Compose
 * reads by itself. The two API keys are there in the clear, for tools on this machine; the containers get their hashes.
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fromRoot, isMain } from './run.mjs';

/** @returns the variables that docker-compose.yml refers to, and the keys whose hashes are among them. */
export function composeKeys() {
  const adminKey = randomBytes(32).toString('base64url');
  const dataPlaneKey = randomBytes(32).toString('base64url');
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    ADMIN_KEY: adminKey,
    ADMIN_KEY_HASH: sha256(adminKey),
    DATA_PLANE_KEY: dataPlaneKey,
    DATA_PLANE_KEY_HASH: sha256(dataPlaneKey),
    SIGNING_KEY_PEM: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim(),
    TENANT_LOGIN_SECRET: randomBytes(32).toString('hex'),
  };
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

function main() {
  const file = fromRoot('.env');
  const names = Object.keys(composeKeys());
  const present = readIfThere(file);
  if (names.some((name) => new RegExp(`^${name}=`, 'm').test(present))) {
    console.log(`${file} has keys already; move it away to make new ones, with new databases.`);
    return;
  }
  const lines = Object.entries(composeKeys()).map(
    ([name, value]) => `${name}="${value.replaceAll('\n', '\\n')}"`,
  );
  writeFileSync(file, `${[present.trimEnd(), ...lines].filter(Boolean).join('\n')}\n`, { mode: 0o600 });
  console.log(`Wrote ${names.join(', ')} to ${file}.`);
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

if (isMain(import.meta.url)) main();
