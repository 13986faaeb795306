import { globSync } from 'node:fs';
import path from 'node:path';

/**
 * How each program of the images is tried that docker-compose.yml does not start. `like`: whose variables it gets; `args`: what it is asked to do;
 * `ends`: with which status, where it is not a server.
 */
const BESIDES = {
  'control-plane': {
    'apps/control-plane/dist/main.js': { like: 'control-plane-worker' },
    'apps/control-plane/dist/main.reconciler.js': { like: 'control-plane-worker' },
    'apps/control-plane/dist/main.relay.js': { like: 'control-plane-worker' },
    // It warns of the first administrator's key, and that is all.
    'apps/control-plane/bin/tenantry-doctor.js': { like: 'control-plane-worker', args: [], ends: 0 },
    // Without a file to verify it says how it is called.
    'apps/control-plane/bin/tenantry-verify.js': { like: 'control-plane-api', args: [], ends: 2 },
  },
  'data-plane': {
    'apps/data-plane/dist/main.sweep.js': { like: 'data-plane', args: ['--json'], ends: 0 },
    'apps/data-plane/dist/main.support.js': {
      like: 'data-plane-migrate',
      args: ['--actor', 'images', '--reason', 'images', '--all-tenants', 'SELECT count(*) FROM project'],
      ends: 0,
    },
    'libs/isolation-audit/bin/tenantry-audit.mjs': { like: 'data-plane', args: ['--help'], ends: 0 },
  },
};

/**
 * What of an image is to be tried besides the services that it runs.
 *
 * @param {string} image
 * @param {string} root the image's root folder.
 * @param {{ name: string, image: string, command: string[], env: Record<string, string>, ready?: string[] }[]} services
 * @returns {{ name: string, image: string, command: string[], env: Record<string, string>, ready?: string[], ends?: number }[]}
 * @throws Error naming a program of the image that nobody tries, or one that is tried and not there.
 */
export function besides(image, root, services) {
  const there = globSync(['apps/*/dist/main*.js', '{apps,libs}/*/bin/*'], { cwd: path.join(root, 'app') });
  const started = services.filter((service) => service.image === image).map(({ command }) => command[0]);
  const tried = Object.keys(BESIDES[image]);
  const problems = [
    ...there.filter((file) => ![...started, ...tried].includes(file)).map((file) => `nobody tries ${file}`),
    ...tried.filter((file) => !there.includes(file)).map((file) => `there is no ${file}`),
  ];
  if (problems.length > 0) throw new Error(problems.map((problem) => `${image}: ${problem}`).join('\n'));
  return Object.entries(BESIDES[image]).map(([file, { like, args = [], ends }]) => {
    const { env, ready } = services.find(({ name }) => name === like);
    return { name: path.basename(file), image, command: [file, ...args], env, ready, ends };
  });
}
