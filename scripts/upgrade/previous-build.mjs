import { execFile } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { fromRoot } from '../run.mjs';

const execute = promisify(execFile);

/** There is no earlier version in this checkout. */
export class HistoryMissing extends Error {}

/**
 * Which commit an upgrade begins from: that of the newest tag before this commit, or, before there is one, the commit before this one.
 *
 * @returns {Promise<{ commit: string, name: string }>} `name` is for people.
 * @throws HistoryMissing when the checkout holds no commit before its own.
 */
export async function previousVersion() {
  const parent = await git('rev-parse', '--verify', '--quiet', 'HEAD^').catch(() => '');
  if (parent === '') {
    const shallow = (await git('rev-parse', '--is-shallow-repository').catch(() => 'true')) === 'true';
    throw new HistoryMissing(
      shallow
        ? 'this checkout is shallow or no git repository: fetch the commit before this one (git fetch --deepen=1), and the tags'
        : 'this is the first commit',
    );
  }
  const tag = await git('describe', '--tags', '--abbrev=0', 'HEAD^').catch(() => '');
  return tag === ''
    ? { commit: parent, name: `${parent.slice(0, 12)} (there is no tag yet)` }
    : { commit: await git('rev-list', '-n', '1', tag), name: tag };
}

/**
 * Builds a commit in a folder of its own, with our installed packages where it names the same, and with its own otherwise.
 *
 * @returns {Promise<string>} the folder.
 */
export async function buildCommit(commit) {
  const home = fromRoot('.cache', 'upgrade');
  const folder = path.join(home, commit);
  const done = path.join(folder, '.built');
  if (existsSync(done)) return folder;
  rmSync(home, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = path.join(home, `${commit}.tar`);
  await git('archive', '--format=tar', `--output=${archive}`, commit);
  await execute('tar', ['-xf', archive, '-C', folder]);
  rmSync(archive);
  if (sameFile(folder, 'package-lock.json')) linkPackages(folder);
  else await execute('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: folder });
  const bin = path.join(folder, 'node_modules', '.bin');
  await execute(process.execPath, ['scripts/build.mjs'], {
    cwd: folder,
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
    maxBuffer: 2 ** 26,
  });
  writeFileSync(done, '');
  return folder;
}

/** Ours, but for the workspaces: those are the commit's own. */
function linkPackages(folder) {
  const packages = path.join(folder, 'node_modules');
  const scope = path.join(packages, '@tenantry');
  mkdirSync(scope, { recursive: true });
  for (const name of readdirSync(fromRoot('node_modules')))
    if (name !== '@tenantry') symlinkSync(fromRoot('node_modules', name), path.join(packages, name));
  for (const file of globSync('{libs,apps}/*/package.json', { cwd: folder })) {
    const { name } = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
    symlinkSync(path.join(folder, path.dirname(file)), path.join(packages, name));
  }
}

function sameFile(folder, file) {
  return readFileSync(path.join(folder, file), 'utf8') === readFileSync(fromRoot(file), 'utf8');
}

async function git(...args) {
  const { stdout } = await execute('git', args, { cwd: fromRoot() });
  return stdout.trim();
}
