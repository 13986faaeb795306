import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { run } from '../run.mjs';

/**
 * Runs Prometheus' `promtool`, which Debian has in the package `prometheus`. Where there is none, what it would have said stays unsaid,
 * unless CI=1: then it has to be there.
 *
 * @returns a note that says so, for the report.
 */
export async function promtool(args, options) {
  if (await isInstalled()) {
    await run('promtool', args, options);
    return {};
  }
  if (process.env.CI === '1') throw new Error('promtool is missing; Debian has it in the package prometheus');
  return { note: 'promtool is missing (package prometheus), so it has checked nothing' };
}

let installed;

function isInstalled() {
  installed ??= promisify(execFile)('promtool', ['--version']).then(
    () => true,
    (error) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  return installed;
}
