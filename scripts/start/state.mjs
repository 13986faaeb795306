import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fromRoot } from '../run.mjs';

/** Where everything lies that is kept between runs. */
export const STATE_FOLDER = fromRoot('.tenantry');
export const DEV_FILE = path.join(STATE_FOLDER, 'dev.json');
const SIGNING_KEY_FILE = path.join(STATE_FOLDER, 'signing-key.pem');
const TENANT_LOGIN_KEY_FILE = path.join(STATE_FOLDER, 'tenant-login-key');
const SECRETS_FILE = path.join(STATE_FOLDER, 'secrets.json');

/**
 * The passwords and keys of this installation, made at the first start.
 *
 * @param {() => { key: string }} newApiKey makes an API key.
 */
export function secrets(newApiKey) {
  if (existsSync(SECRETS_FILE)) return JSON.parse(readFileSync(SECRETS_FILE, 'utf8'));
  const made = {
    apiKeyWasShown: false,
    postgresPassword: randomBytes(24).toString('base64url'),
    loginPassword: randomBytes(24).toString('base64url'),
    apiKey: newApiKey().key,
    dataPlaneApiKey: newApiKey().key,
  };
  writePrivate(SECRETS_FILE, made);
  return made;
}

/** The key that checkpoints and certificates of this installation are signed with, made at the first start. @returns its file. */
export function signingKeyFile() {
  if (!existsSync(SIGNING_KEY_FILE)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeWhole(SIGNING_KEY_FILE, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  }
  return SIGNING_KEY_FILE;
}

/** The key that the logins of tenants with databases of their own are derived from, made at the first start. @returns its file. */
export function tenantLoginKeyFile() {
  if (!existsSync(TENANT_LOGIN_KEY_FILE)) writeWhole(TENANT_LOGIN_KEY_FILE, randomBytes(32).toString('hex'));
  return TENANT_LOGIN_KEY_FILE;
}

/** Notes that the administrator's key has been shown, which happens once. */
export function noteApiKeyShown(kept) {
  writePrivate(SECRETS_FILE, { ...kept, apiKeyWasShown: true });
}

/** Tells local tools where the APIs are and by which keys. */
export function writeDevFile({ controlPlaneUrl, dataPlaneUrl, apiKey, dataPlaneApiKey }) {
  writePrivate(DEV_FILE, { controlPlaneUrl, dataPlaneUrl, apiKey, dataPlaneApiKey });
}

function writePrivate(file, content) {
  writeWhole(file, `${JSON.stringify(content, null, 2)}\n`);
}

/** For the owner's eyes only, and never half-written. */
function writeWhole(file, text) {
  mkdirSync(STATE_FOLDER, { recursive: true });
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
