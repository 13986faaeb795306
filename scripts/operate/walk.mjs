import { spawn } from 'node:child_process';
import { blocksOf, PAGE } from './page.mjs';

/** What a shell sets by itself. */
const OF_THE_SHELL = new Set(['PWD', 'OLDPWD', 'SHLVL', '_']);

/**
 * Makes the keys as the page says.
 *
 * @param {string} folder where its files are left.
 * @returns {Promise<Record<string, string>>} the variables that it exports.
 */
export async function keysOfPage(folder) {
  const script = `${scriptOf('keys')}\nnode -p 'JSON.stringify(process.env)' >&3`;
  const { told } = await bash(script, { cwd: folder, env: plainEnvironment() });
  const before = plainEnvironment();
  return Object.fromEntries(
    Object.entries(JSON.parse(told)).filter(([name]) => !(name in before) && !OF_THE_SHELL.has(name)),
  );
}

/**
 * Runs the page's commands on this machine, in their order and in one shell.
 *
 * @param {string} folder where the keys are.
 * @param {Record<string, string>} variables what the page has set before, and where the system is.
 * @returns {Promise<{ note: string }>} how many blocks ran.
 * @throws Error with the line of the page, and what was written, when a command fails.
 */
export async function walk(folder, variables) {
  await bash(scriptOf('run'), { cwd: folder, env: { ...plainEnvironment(), ...variables } });
  return { note: `${blocksOf().filter(({ kind }) => kind === 'run').length} blocks` };
}

/** Every block with its place, so that a failure can name it. */
function scriptOf(wanted) {
  const blocks = blocksOf().filter(({ kind }) => kind === wanted);
  return blocks.map(({ line, text }) => `echo "@@ ${PAGE}:${line}"\n${text}`).join('\n');
}

function plainEnvironment() {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, ...(TMPDIR && { TMPDIR }) };
}

function bash(script, options) {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let written = '';
  let told = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (written += chunk));
  child.stdio[3].on('data', (chunk) => (told += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      if (status === 0) return resolve({ told });
      const place =
        written
          .match(/^@@ (.*)$/gm)
          ?.at(-1)
          ?.slice(3) ?? PAGE;
      const since = written.slice(written.lastIndexOf('@@ ')).split('\n').slice(1).join('\n');
      reject(new Error(`${place}: a command of this block ended with ${status}\n${since.slice(-3000)}`));
    });
  });
}
