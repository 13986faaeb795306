import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { holdLock } from '../lock.mjs';

const VERSION = '4.32.5';

/**
 * Installs Schemathesis once into a virtual environment in the cache folder.
 *
 * @returns {Promise<string>} the path of its command.
 * @throws Error when Python 3.10 with venv, or the package index, cannot be had.
 */
export async function schemathesis() {
  const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'tenantry');
  const folder = path.join(cache, `schemathesis-${VERSION}`);
  const release = await holdLock(`${folder}.lock`, { wait: true });
  try {
    const installed = path.join(folder, '.installed');
    if (!existsSync(installed)) {
      console.log(`Installing Schemathesis ${VERSION} …`);
      // A virtual environment knows its own path, so it is made in place and marked when complete.
      await rm(folder, { recursive: true, force: true });
      await exec('python3', ['-m', 'venv', folder]);
      await exec(path.join(folder, 'bin', 'pip'), [
        'install',
        '--quiet',
        '--disable-pip-version-check',
        `schemathesis==${VERSION}`,
      ]);
      await writeFile(installed, '');
    }
    return path.join(folder, 'bin', 'schemathesis');
  } finally {
    release();
  }
}

async function exec(command, args) {
  try {
    await promisify(execFile)(command, args, { maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    throw new Error(`Schemathesis could not be installed: ${error.message}\n${error.stdout ?? ''}`, {
      cause: error,
    });
  }
}
