import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fromRoot } from '../run.mjs';
import { pythonVenv } from '../python-venv.mjs';

/**
 * Makes ready what the participant in Python needs.
 *
 * @returns {Promise<{ env: Record<string, string>, missing?: string }>} `env` tells the suites which interpreter to use; `missing` says why
 *   there is none, where there is none.
 */
export async function examplePython() {
  if (process.env.EXAMPLE_PYTHON) return { env: {} };
  const file = fromRoot('examples', 'python-participant', 'requirements.txt');
  const packages = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  try {
    return { env: { EXAMPLE_PYTHON: path.join(await pythonVenv('python-participant', packages), 'python') } };
  } catch (error) {
    return { env: {}, missing: error.message };
  }
}
