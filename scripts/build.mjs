/** Builds every lib (`tsc -b`) and both apps (`nest build`); does nothing when the last build is still good. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { holdLock } from './lock.mjs';
import { fromRoot, isMain, run } from './run.mjs';

const APPS = ['control-plane', 'data-plane'];
const RECORD = fromRoot('.cache', 'build');

/**
 * @throws Error with the compiler's messages when something does not compile.
 */
export async function build() {
  const release = await holdLock(fromRoot('.cache', 'build.lock'), { wait: true });
  try {
    const cleaned = projects().filter(cleanWhenOutOfStep);
    const sources = fingerprint();
    if (cleaned.length === 0 && existsSync(RECORD) && readFileSync(RECORD, 'utf8') === sources) return;
    await run('tsc', ['-b', ...projects().filter((project) => project.startsWith('libs/'))]);
    await Promise.all(APPS.map((app) => run('nest', ['build', app])));
    mkdirSync(path.dirname(RECORD), { recursive: true });
    writeFileSync(RECORD, sources);
  } finally {
    release();
  }
}

function projects() {
  return globSync('{libs,apps}/*/tsconfig.json', { cwd: fromRoot() }).map(path.dirname).sort();
}

/**
 * The compiler trusts its .tsbuildinfo: beside missing outputs it emits nothing, and it never removes the output of a
 * source that is gone (a migration, say, which would still be loaded). Such a project is built from nothing again.
 */
function cleanWhenOutOfStep(project) {
  const cwd = fromRoot(project);
  const { exclude } = JSON.parse(readFileSync(path.join(cwd, 'tsconfig.json'), 'utf8'));
  const outputs = new Set(globSync('dist/**/*.js', { cwd }));
  const expected = globSync('src/**/*.ts', { cwd, exclude }).map((file) =>
    file.replace(/^src/, 'dist').replace(/\.ts$/, '.js'),
  );
  const inStep = expected.length === outputs.size && expected.every((file) => outputs.has(file));
  if (!inStep) rmSync(fromRoot(project, 'dist'), { recursive: true, force: true });
  return !inStep;
}

function fingerprint() {
  const files = [
    ...globSync('{libs,apps}/*/{package.json,tsconfig.json,src/**/*.ts}', { cwd: fromRoot() }).sort(),
    'nest-cli.json',
    'package-lock.json',
    'tsconfig.base.json',
  ];
  const hash = createHash('sha256');
  for (const file of files) {
    const { mtimeMs, size } = statSync(fromRoot(file));
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex');
}

if (isMain(import.meta.url)) {
  await build().catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
}
