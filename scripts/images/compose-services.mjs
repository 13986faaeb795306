import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { fromRoot } from '../run.mjs';

/**
 * The applications of docker-compose.yml, ready to be started without an engine.
 *
 * @param {Record<string, string>} variables what a `.env` would say.
 * @param {Record<string, string>} hosts what stands for the `host:port` of a container.
 * @returns {{ name: string, image: string, command: string[], env: Record<string, string>, needs: string[], once: boolean, ready: string[] | undefined }[]}
 * each after those that it depends on. `image` is the Dockerfile's stage; `once`: it runs to its end; `ready`: what says that it is ready.
 */
export function composeServices(variables, hosts) {
  const { services } = readCompose(variables);
  const ours = Object.entries(services).filter(([, { build }]) => build !== undefined);
  const found = ours.map(([name, service]) => ({
    name,
    image: service.build.target,
    command: service.command,
    env: Object.fromEntries(
      Object.entries(service.environment).map(([key, value]) => [key, elsewhere(String(value), hosts)]),
    ),
    needs: Object.keys(service.depends_on ?? {}),
    once: service.healthcheck?.disable === true,
    ready: service.healthcheck?.test?.slice(1),
  }));
  return inOrder(found);
}

/** docker-compose.yml with its anchors resolved, and what it takes from the environment filled in. */
export function readCompose(variables = {}) {
  const text = readFileSync(fromRoot('docker-compose.yml'), 'utf8');
  const filled = parse(text, { merge: true });
  return JSON.parse(JSON.stringify(filled), (_, value) =>
    typeof value === 'string'
      ? value.replace(/\$\{(\w+):-([^}]*)\}/g, (__, name, otherwise) => variables[name] ?? otherwise)
      : value,
  );
}

function elsewhere(value, hosts) {
  return Object.entries(hosts).reduce((text, [host, there]) => text.replaceAll(host, there), value);
}

function inOrder(services) {
  const names = services.map(({ name }) => name);
  const ordered = [];
  while (ordered.length < services.length) {
    const done = new Set(ordered.map(({ name }) => name));
    const next = services.find(
      ({ name, needs }) => !done.has(name) && needs.every((one) => done.has(one) || !names.includes(one)),
    );
    if (!next) throw new Error('the services of docker-compose.yml depend on each other in a circle');
    ordered.push(next);
  }
  return ordered;
}
