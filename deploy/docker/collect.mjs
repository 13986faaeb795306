/**
 * `node deploy/docker/collect.mjs APP FOLDER`: gathers below FOLDER what an image of the app holds, from a tree in which its packages are
 * installed and everything is built. In two parts, so that a change of code leaves the larger layer as it was:
 *
 * - `packages/node_modules`: what npm installed for the app;
 * - `code`: the app and the libs that it needs, each with its manifest, compiled files and commands; and the SBOM (CycloneDX, by npm) of it all.
 *
 * Runs while an image is built: needs Node and npm, and nothing that npm installs.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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

function copyWorkspace(workspace, code) {
  if (!existsSync(path.join(workspace, 'dist'))) throw new Error(`${workspace} is not built`);
  // npm puts a package here when two workspaces need it in different versions.
  if (existsSync(path.join(workspace, 'node_modules')))
    throw new Error(`${workspace} has packages of its own, which no layer of the image takes`);
  for (const part of ['package.json', 'dist', 'bin']) {
    if (!existsSync(path.join(workspace, part))) continue;
    cpSync(path.join(workspace, part), path.join(code, workspace, part), {
      recursive: true,
      filter: (file) => !FOR_COMPILERS.test(file),
    });
  }
}

/** Names the image's contents as npm finds them there, below a manifest that asks for nothing else. */
function writeSbom(app, workspaces, folder) {
  const { name, version, description, license } = manifestOf(app);
  const image = { name: name.replace('@tenantry/', 'tenantry-'), version, description, license };
  const root = path.join(folder, 'code');
  writeFileSync(
    path.join(root, 'package.json'),
    `${JSON.stringify({ ...image, private: true, type: 'module', workspaces }, null, 2)}\n`,
  );
  // Moved in for the moment, not linked: npm would see two trees.
  renameSync(path.join(folder, 'packages', 'node_modules'), path.join(root, 'node_modules'));
  const sbom = JSON.parse(
    execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 64 * 1024 * 1024,
    }),
  );
  renameSync(path.join(root, 'node_modules'), path.join(folder, 'packages', 'node_modules'));
  // npm calls it after the folder that it lies in.
  Object.assign(sbom.metadata.component, { name: image.name, purl: `pkg:npm/${image.name}@${version}` });
  writeFileSync(path.join(root, 'sbom.cdx.json'), `${JSON.stringify(sbom, null, 2)}\n`);
}

function collect(app, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'packages'), { recursive: true });
  mkdirSync(path.join(folder, 'code'));
  const workspaces = workspacesOf(app);
  for (const workspace of workspaces) copyWorkspace(workspace, path.join(folder, 'code'));
  renameSync('node_modules', path.join(folder, 'packages', 'node_modules'));
  writeSbom(app, workspaces, folder);
}

const [app, folder] = process.argv.slice(2);
if (!app || !folder) throw new Error('usage: node deploy/docker/collect.mjs APP FOLDER');
collect(app, path.resolve(folder));
