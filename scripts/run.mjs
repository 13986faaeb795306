import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.dirname(import.meta.dirname);

/** A path inside the repository. */
export function fromRoot(...parts) {
  return path.join(ROOT, ...parts);
}

/** Whether the module of this URL is the script that was started. */
export function isMain(url) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url);
}

/** The environment in which the installed commands and the pinned Node come first on the PATH. */
export function toolEnv(extra = {}) {
  return { ...process.env, PATH: `${fromRoot('node_modules', '.bin')}:${process.env.PATH}`, ...extra };
}

/**
 * Runs an installed command to its end in the repository's root, silently.
 *
 * @param {{ env?: Record<string, string>, cwd?: string, allowFailure?: boolean }} options
 * @returns {Promise<string>} what it wrote to stdout.
 * @throws Error holding everything it wrote, when it ends with another status than 0 and may not.
 */
export async function run(command, args, { env = {}, cwd = ROOT, allowFailure = false } = {}) {
  const child = spawn(command, args, { cwd, env: toolEnv(env), stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let everything = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    everything += chunk;
  });
  child.stderr.on('data', (chunk) => (everything += chunk));
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  if (status !== 0 && !allowFailure)
    throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${everything}`.trimEnd());
  return stdout;
}
