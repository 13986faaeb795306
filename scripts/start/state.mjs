import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fromRoot } from '../run.mjs';

/** Where everything lies that is kept between runs. */
export const STATE_FOLDER = fromRoot('.tenantry');
export const DEV_FILE = path.join(STATE_FOLDER, 'dev.json');
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
  mkdirSync(STATE_FOLDER, { recursive: true });
  writePrivate(SECRETS_FILE, made);
  return made;
}

/** Notes that the administrator's key has been shown, which happens once. */
export function noteApiKeyShown(kept) {
  writePrivate(SECRETS_FILE, { ...kept, apiKeyWasShown: true });
}

/** Tells local tools where the APIs are and by which keys. */
export function writeDevFile({ controlPlaneUrl, dataPlaneUrl, apiKey, dataPlaneApiKey }) {
  writePrivate(DEV_FILE, { controlPlaneUrl, dataPlaneUrl, apiKey, dataPlaneApiKey });
}

/** For the owner's eyes only, and never half-written. */
function writePrivate(file, content) {
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
