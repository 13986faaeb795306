import { createHash } from 'node:crypto';
import { chmod, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { run } from '../run.mjs';
import { cached } from './cache.mjs';

/** What the tools' own modules ask for. */
const OLDEST_MINOR = 24;
const VERSION = 'go1.26.8';
/** Go's own toolchain is a module too. */
const MODULE = 'golang.org/toolchain';
/** SHA-256 of the module's zip file, by platform. */
const TOOLCHAINS = {
  'linux-x64': {
    platform: 'linux-amd64',
    sha256: '30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7',
  },
  'linux-arm64': {
    platform: 'linux-arm64',
    sha256: '02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99',
  },
};

/**
 * Finds Go, on the PATH or where its installer puts it; otherwise brings its toolchain from the module proxy into the cache, on Linux.
 *
 * @returns {Promise<string>} the command.
 * @throws Error saying what is missing.
 */
export async function goCommand() {
  for (const command of ['go', '/usr/local/go/bin/go']) if (await isRecent(command)) return command;
  const toolchain = TOOLCHAINS[`${process.platform}-${process.arch}`];
  if (!toolchain) throw new Error(`Go 1.${OLDEST_MINOR} or later is needed; https://go.dev/dl has it`);
  const folder = await cached(VERSION, (work) => download(toolchain, work));
  return path.join(folder, 'go', 'bin', 'go');
}

async function isRecent(command) {
  const version = await run(command, ['env', 'GOVERSION']).catch(() => '');
  return Number(/^go1\.(\d+)/.exec(version)?.[1] ?? 0) >= OLDEST_MINOR;
}

async function download({ platform, sha256 }, folder) {
  const version = `v0.0.1-${VERSION}.${platform}`;
  const proxy = (process.env.GOPROXY ?? '').split(/[,|]/).find((one) => one.startsWith('https://'));
  const url = `${proxy ?? 'https://proxy.golang.org'}/${MODULE}/@v/${version}.zip`;
  console.error(`Downloading ${VERSION} …`);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const content = Buffer.from(await response.arrayBuffer());
  if (createHash('sha256').update(content).digest('hex') !== sha256)
    throw new Error(`${url} is not what it was when its checksum was written down`);
  const file = path.join(folder, 'toolchain.zip');
  await writeFile(file, content);
  await run('python3', ['-m', 'zipfile', '-e', file, folder]);
  await rm(file);
  await rename(path.join(folder, `${MODULE}@${version}`), path.join(folder, 'go'));
  await rm(path.join(folder, 'golang.org'), { recursive: true, force: true });
  // A zip file of a module knows of no permissions.
  for (const programs of ['bin', path.join('pkg', 'tool')]) {
    const entries = await readdir(path.join(folder, 'go', programs), {
      recursive: true,
      withFileTypes: true,
    });
    for (const entry of entries)
      if (entry.isFile()) await chmod(path.join(entry.parentPath, entry.name), 0o755);
  }
}

/** Where the files of a module are, downloaded when they are not there yet: `k8s.io/api@v0.34.2`. */
export async function goModule(module) {
  const { Dir: folder } = JSON.parse(await run(await goCommand(), ['mod', 'download', '-json', module]));
  if (!folder || !existsSync(folder)) throw new Error(`${module} could not be downloaded`);
  return folder;
}
