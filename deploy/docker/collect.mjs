/**
 * `node deploy/docker/collect.mjs APP FOLDER`: gathers below FOLDER the code that an image of the app holds beside its packages, from a tree in which
 * these are installed and everything is built: the app and the libs that it needs, each with its manifest, compiled files and commands; and the
 * SBOM (CycloneDX, by npm) of both, packages and code.
 *
 * Runs while an image is built: needs Node and npm, and nothing that npm installs. It moves nothing, since what lies in a lower layer of an
 * image cannot be moved.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Types are for compilers, and a compiler's notes for its next run. Source maps stay: they make stack traces readable. */
const FOR_COMPILERS = /\.d\.ts(\.map)?$|\.tsbuildinfo$/;

const manifestOf = (workspace) => JSON.parse(readFileSync(path.join(workspace, 'package.json'), 'utf8'));

/** The app and every lib that it depends on, directly or not. */
function workspacesOf(app) {
  const found = new Set([app]);
  for (const workspace of found) {
    for (const name of Object.keys(manifestOf(workspace).dependencies ?? {}))
      if (name.startsWith('@tenantry/')) found.add(`libs/${name.slice('@tenantry/'.length)}`);
  }
  return [...found].sort();
}

function copyWorkspace(workspace, folder) {
  if (!existsSync(path.join(workspace, 'dist'))) throw new Error(`${workspace} is not built`);
  // npm puts a package here when two workspaces need it in different versions.
  if (existsSync(path.join(workspace, 'node_modules')))
    throw new Error(`${workspace} has packages of its own, which no layer of the image takes`);
  for (const part of ['package.json', 'dist', 'bin']) {
    if (!existsSync(path.join(workspace, part))) continue;
    cpSync(path.join(workspace, part), path.join(folder, workspace, part), {
      recursive: true,
      filter: (file) => !FOR_COMPILERS.test(file),
    });
  }
}

/** Has npm name what is installed, below a manifest that asks for nothing but the app and its libs. */
function writeSbom(app, workspaces, folder) {
  const { name, version, description, license } = manifestOf(app);
  const image = { name: name.replace('@tenantry/', 'tenantry-'), version, description, license };
  // A new file: the repository's manifest asks for tools, too, which npm would miss.
  rmSync('package.json');
  writeJson('package.json', { ...image, private: true, type: 'module', workspaces });
  cpSync('package.json', path.join(folder, 'package.json'));
  const sbom = JSON.parse(
    execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 64 * 1024 * 1024,
    }),
  );
  // npm calls it after the folder that it lies in.
  Object.assign(sbom.metadata.component, { name: image.name, purl: `pkg:npm/${image.name}@${version}` });
  writeJson(path.join(folder, 'sbom.cdx.json'), sbom);
}

function writeJson(file, content) {
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}

function collect(app, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const workspaces = workspacesOf(app);
  for (const workspace of workspaces) copyWorkspace(workspace, folder);
  writeSbom(app, workspaces, folder);
}

const [app, folder] = process.argv.slice(2);
if (!app || !folder) throw new Error('usage: node deploy/docker/collect.mjs APP FOLDER');
collect(app, path.resolve(folder));
