import { cpSync, existsSync, globSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fromRoot, run } from '../run.mjs';
import { ignoredBy } from './docker-ignore.mjs';
import { configurationOf, parseDockerfile, stageNamed } from './dockerfile.mjs';

/** The file that both images are built from. */
export const DOCKERFILE = fromRoot('deploy', 'docker', 'Dockerfile');

/** The stages that become images. */
export const IMAGES = ['control-plane', 'data-plane'];

/** The stage that compiles, which the repository has done already. */
const BUILD = 'build';

/**
 * Carries out the Dockerfile's instructions without an engine: each stage is a folder, of which COPY and RUN see the same files as in a build. Base
 * images are empty, and RUN finds this machine's programs.
 *
 * @param {string} image the stage that is wanted.
 * @param {string} folder where the stages' folders are made.
 * @param {{ whole?: boolean }} options `whole`: carries out the compiling stage as well, from what a build may see; otherwise its results are the
 * repository's, which has to be built.
 * @returns {Promise<{ root: string, config: object }>} the image's root folder, and what a container of it is started with.
 * @throws Error naming the line that could not be carried out.
 */
export async function assemble(image, folder, { whole = false } = {}) {
  const { stages } = parseDockerfile(readFileSync(DOCKERFILE, 'utf8'));
  const ignored = ignoredBy(readFileSync(fromRoot('.dockerignore'), 'utf8'));
  const roots = new Map();
  const rootOf = async (name) => {
    if (!roots.has(name)) roots.set(name, await stageFolder(name));
    return roots.get(name);
  };

  async function stageFolder(name) {
    const stage = stageNamed(stages, name);
    const root = path.join(folder, image, name);
    mkdirSync(root, { recursive: true });
    if (stages.some((other) => other.name === stage.base))
      await run('cp', ['-a', `${await rootOf(stage.base)}/.`, root]);
    let workdir = configurationOf(stages, name).workdir;
    for (const instruction of stage.instructions) {
      if (instruction.keyword === 'WORKDIR') workdir = instruction.text;
      mkdirSync(path.join(root, workdir), { recursive: true });
      if (instruction.keyword === 'COPY') await copyInto(root, workdir, instruction);
      if (instruction.keyword === 'RUN') await runIn(path.join(root, workdir), instruction);
    }
    return root;
  }

  async function copyInto(root, workdir, { flags, text, line }) {
    const words = text.split(' ');
    const target = words.pop();
    const to = path.join(root, path.resolve(workdir, target));
    for (const source of words) {
      const from = await sourceFolder(flags.from, source, line);
      const isFolder = lstatSync(from).isDirectory();
      const intoFolder = target.endsWith('/') || words.length > 1;
      const end = isFolder || !intoFolder ? to : path.join(to, path.basename(from));
      if (isFolder && from.startsWith(folder)) await link(from, end);
      else copy(from, end, flags.from === undefined ? ignored : undefined);
    }
  }

  async function sourceFolder(stage, source, line) {
    if (stage === BUILD && !whole) return existing(fromRoot(source.replace(/^\/app\//, '')), line);
    if (stage !== undefined) return existing(path.join(await rootOf(stage), source), line);
    if (
      ignored(path.normalize(source)) &&
      !globSync(`${source}/**`, { cwd: fromRoot() }).some((file) => !ignored(file))
    )
      throw new Error(`Dockerfile:${line}: .dockerignore leaves out ${source}`);
    return existing(fromRoot(source), line);
  }

  const root = await rootOf(image);
  return { root, config: configurationOf(stages, image) };
}

function existing(file, line) {
  if (!existsSync(file))
    throw new Error(`Dockerfile:${line}: there is no ${path.relative(fromRoot(), file)}`);
  return file;
}

/** As COPY does it: links stay links, and only what a build may see is taken from the repository. */
function copy(from, to, ignored = () => false) {
  cpSync(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (file) => {
      const name = path.relative(fromRoot(), file);
      // Installed packages of the repository itself are in no stage.
      if (file.startsWith(fromRoot('libs')) || file.startsWith(fromRoot('apps')))
        if (path.basename(file) === 'node_modules') return false;
      return name === '' || lstatSync(file).isDirectory() || !ignored(name);
    },
  });
}

/** The same for a folder of another stage. What an image is made of nobody changes any more, so it need not be there twice. */
async function link(from, to) {
  mkdirSync(to, { recursive: true });
  await run('cp', ['-alf', `${from}/.`, to]);
}

function runIn(cwd, { text, line }) {
  return run('sh', ['-ec', text], {
    cwd,
    env: { NODE_OPTIONS: '', npm_config_prefer_offline: 'true' },
  }).catch((error) => {
    throw new Error(`Dockerfile:${line}: ${error.message}`, { cause: error });
  });
}
