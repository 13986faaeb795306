/**
 * Installs the packages when node_modules is missing or older than package-lock.json; otherwise does nothing, quietly.
 * It runs before anything is installed and on whatever Node the machine has (18 or later), so it imports nothing but Node.
 * Afterwards npm scripts run the Node that is pinned among the packages, since node_modules/.bin leads their PATH.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { holdLock } from './lock.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const marker = path.join(root, 'node_modules', '.installed-for');
const lockFile = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
const wanted = createHash('sha256').update(`${process.platform} ${process.arch} ${lockFile}`).digest('hex');

function fail(message) {
  console.error(`Cannot install: ${message}`);
  process.exit(1);
}

function isInstalled() {
  return existsSync(marker) && readFileSync(marker, 'utf8') === wanted;
}

/** Whether npm's own record of node_modules agrees with the lock file, as after `npm install <package>`. */
function agreesWithLockFile() {
  const record = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const locked = JSON.parse(lockFile).packages;
  const same = (name) => {
    const [a, b] = [installed[name], locked[name]];
    return (
      a && b && a.version === b.version && a.integrity === b.integrity && existsSync(path.join(root, name))
    );
  };
  return (
    Object.keys(installed).every(same) &&
    Object.keys(locked).every(
      (name) => !name.startsWith('node_modules/') || locked[name].optional || same(name),
    )
  );
}

function install() {
  console.error('Installing packages (npm ci), once until package-lock.json changes …');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const npmScript = process.env.npm_execpath?.endsWith('.js') ? process.env.npm_execpath : undefined;
  const { error, status } = npmScript
    ? spawnSync(process.execPath, [npmScript, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error)
    fail(error.code === 'ENOENT' ? 'npm was not found on the PATH; install npm 11 or later.' : error.message);
  if (status !== 0) fail(`npm ci ended with status ${status}; its messages are above.`);
}

/** Says which Node the scripts will run on, and why that cannot work, before they fail in stranger ways. */
function checkRuntime() {
  const pinned = path.join(root, 'node_modules', '.bin', 'node');
  if (existsSync(pinned)) {
    const { status } = spawnSync(pinned, ['--version'], { stdio: 'ignore' });
    if (status !== 0) fail(`the pinned Node (${pinned}) does not run here; it needs Linux with glibc.`);
  } else if (Number(process.versions.node.split('.')[0]) < 24) {
    fail(`Node 24 or later is needed on ${process.platform} ${process.arch}; this is ${process.version}.`);
  }
}

if (!['linux', 'darwin'].includes(process.platform)) {
  fail(`${process.platform} is not supported; use Linux or macOS (on Windows: WSL 2).`);
}
if (!isInstalled()) {
  const release = await holdLock(path.join(root, '.cache', 'install.lock'), { wait: true });
  try {
    if (!isInstalled()) {
      if (!agreesWithLockFile()) install();
      checkRuntime();
      writeFileSync(marker, wanted);
    }
  } finally {
    release();
  }
}
