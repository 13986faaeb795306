import { globSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fromRoot } from '../run.mjs';

const MEGABYTE = 1024 * 1024;

/** The most that packages and code of one image may take on a disk, in bytes. */
const SIZE_LIMIT = 250 * MEGABYTE;

/** What has no business in production. What packages bring along beside their code is theirs. */
const UNWANTED = [
  [/^(apps|libs)\/.*\.(spec|e2e)\.js$/, 'a test'],
  [/^libs\/testing\//, 'of the library for tests'],
  [/^(apps|libs)\/[^/]+\/dist\/testing\//, 'for tests'],
  [/^(apps|libs)\/[^/]+\/src\//, 'source'],
  [/(^|\/)(\.env|\.npmrc)$|^(?!node_modules).*\.(pem|key)$/, 'what may hold a secret'],
  [/\.node$/, 'native, which would tie the image to one platform'],
];

/**
 * What an image's folder holds, as a disk has it.
 *
 * @param {string} root the image's root folder.
 * @returns {{ bytes: number, files: number, parts: { name: string, bytes: number }[] }} all of it, and by package or workspace, the largest first.
 */
export function contentsOf(root, files = filesOf(root)) {
  const parts = new Map();
  for (const file of files) {
    const { blocks, size } = lstatSync(path.join(root, 'app', file));
    const name = /^(?:node_modules\/(?:@[^/]+\/)?[^/]+|(?:libs|apps)\/[^/]+|[^/]+)/.exec(file)[0];
    parts.set(name, (parts.get(name) ?? 0) + Math.max(size, blocks * 512));
  }
  const sorted = [...parts].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes);
  return { files: files.length, bytes: sorted.reduce((sum, { bytes }) => sum + bytes, 0), parts: sorted };
}

/**
 * @returns {{ note: string }} how large it is.
 * @throws Error naming what an image holds and should not, or that it is too large.
 */
export function contentsFit(root) {
  const files = filesOf(root);
  const { bytes } = contentsOf(root, files);
  const problems = files.flatMap((file) =>
    UNWANTED.filter(([pattern]) => pattern.test(file)).map(([, what]) => `${file} is ${what}`),
  );
  problems.push(...onlyForDevelopment(root));
  if (bytes > SIZE_LIMIT) problems.push(`${megabytes(bytes)} are more than ${megabytes(SIZE_LIMIT)}`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return { note: `${files.length} files, ${megabytes(bytes)} of ${megabytes(SIZE_LIMIT)}` };
}

/** @returns {string} such as `157 MB`. */
export function megabytes(bytes) {
  return `${(bytes / MEGABYTE).toFixed(bytes < 10 * MEGABYTE ? 1 : 0)} MB`;
}

/** The folders of the packages that are installed in an image, as the lock file names them. */
export function packagesOf(root) {
  const cwd = path.join(root, 'app');
  return globSync('**/node_modules/{*,@*/*}/package.json', { cwd })
    .map((file) => path.dirname(file))
    .filter((name) => !lstatSync(path.join(cwd, name)).isSymbolicLink());
}

function onlyForDevelopment(root) {
  const { packages } = JSON.parse(readFileSync(fromRoot('package-lock.json'), 'utf8'));
  return packagesOf(root)
    .filter((name) => packages[name]?.dev)
    .map((name) => `${name} is for development`);
}

/** Every file, links among them: they are not followed, so nothing is counted twice. */
function filesOf(root, folder = '') {
  return readdirSync(path.join(root, 'app', folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name);
    return entry.isDirectory() ? filesOf(root, name) : [name];
  });
}
