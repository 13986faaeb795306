import path from 'node:path';
import { pythonVenv } from '../python-venv.mjs';

const VERSION = '4.32.5';

/**
 * Installs Schemathesis once.
 *
 * @returns {Promise<string>} the path of its command.
 * @throws Error when Python 3.10 with venv, or the package index, cannot be had.
 */
export async function schemathesis() {
  return path.join(await pythonVenv('schemathesis', [`schemathesis==${VERSION}`]), 'schemathesis');
}
