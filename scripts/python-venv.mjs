import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { holdLock } from './lock.mjs';

/**
 * Installs Python packages once into a virtual environment in the cache folder; other packages make another one.
 *
 * @param {string} name what it is for; part of the folder's name.
 * @param {readonly string[]} packages as pip names them, with their versions.
 * @returns {Promise<string>} the folder of its commands.
 * @throws Error when Python 3.10 with venv, or the package index, cannot be had.
 */
export async function pythonVenv(name, packages) {
  const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'tenantry');
  const digest = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  const folder = path.join(cache, `${name}-${digest}`);
  const release = await holdLock(`${folder}.lock`, { wait: true });
  try {
    const installed = path.join(folder, '.installed');
    if (!existsSync(installed)) {
      console.log(`Installing ${packages.join(', ')} …`);
      // A virtual environment knows its own path, so it is made in place and marked when complete.
      await rm(folder, { recursive: true, force: true });
      await exec('python3', ['-m', 'venv', folder]);
      const pip = path.join(folder, 'bin', 'pip');
      await exec(pip, ['install', '--quiet', '--disable-pip-version-check', ...packages]);
      await writeFile(installed, '');
    }
    return path.join(folder, 'bin');
  } catch (error) {
    throw new Error(
      `${packages.join(', ')} could not be installed: ${error.message}\n${error.stdout ?? ''}`.trimEnd(),
      { cause: error },
    );
  } finally {
    release();
  }
}

function exec(command, args) {
  return promisify(execFile)(command, args, { maxBuffer: 64 * 1024 * 1024 });
}
