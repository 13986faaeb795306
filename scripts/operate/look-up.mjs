import { existsSync, globSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { parseDockerfile } from '../images/dockerfile.mjs';
import { fromRoot } from '../run.mjs';

const json = (file) => JSON.parse(readFileSync(fromRoot(file), 'utf8'));

/** What the release `tenantry` is made of, in either profile. */
const RENDERED = new Set([
  'tenantry',
  'tenantry-worker',
  'tenantry-migrate',
  'tenantry-reference',
  'tenantry-verifier',
]);

/** What every shell has, and changes nothing by itself. */
const HARMLESS = /^(cd|export|umask|echo|printf|test|\[|set)\b|^[A-Z_]+=\S*$/;

/**
 * What of a command cannot be: scripts, programs, files, routes, values of the chart and stages that it names and that are not there.
 *
 * @param {string} command
 * @returns {{ known: boolean, problems: string[] }} `known`: whether it is of a kind of which all can be looked up.
 */
export function lookUp(command) {
  const problems = [];
  let known = HARMLESS.test(command);
  const look = (pattern, problem) => {
    for (const [, ...found] of command.matchAll(pattern)) {
      known = true;
      const text = problem(...found);
      if (text) problems.push(text);
    }
  };
  look(
    /\bnpm run ([\w:-]+)/g,
    (name) => json('package.json').scripts[name] === undefined && `no script ${name}`,
  );
  if (/\bnpm (test|start)\b/.test(command)) known = true;
  look(/\bnpx ([\w-]+)/g, (name) => !bins().has(name) && `no command ${name}`);
  look(/\bnode ((?:apps|libs|scripts|deploy)\/\S+)/g, (file) => !existsSync(sourceOf(file)) && `no ${file}`);
  look(
    /\bcurl\b.*?\$\{?(?:URL|DATA_URL)\}?(\/[^\s"'?]*)/g,
    (path) => !isRoute(methodOf(command), path) && `no route ${methodOf(command)} ${path}`,
  );
  look(
    /\bpromtool check rules (\S+)/g,
    (files) => globSync(files, { cwd: fromRoot() }).length === 0 && `no ${files}`,
  );
  const wasKnown = known;
  look(
    /(?:^|\s|=)((?:helm|deploy|docs)\/[\w./*-]+)/g,
    (file) => globSync(file, { cwd: fromRoot() }).length === 0 && `no ${file}`,
  );
  look(/\b(?:deployment|service|job)\/(\S+)/g, (name) => !RENDERED.has(name) && `the chart makes no ${name}`);
  if (
    /\bhelm\b.* (install|upgrade|template) /.test(command) &&
    !/values-(small|production)\.yaml/.test(command)
  )
    problems.push('helm is given no profile, and keeps none from the last time');
  look(/--target[ =](\S+)/g, (name) => !stages().includes(name) && `no stage ${name} in the Dockerfile`);
  look(
    /--set(?:-string|-json)?[ =]'?([\w.]+)(?:\[\d+\])?/g,
    (key) => !isValue(key) && `no value ${key} in the chart`,
  );
  return { known: wasKnown, problems };
}

function sourceOf(file) {
  return fromRoot(/\/dist\//.test(file) ? file.replace('/dist/', '/src/').replace(/\.js$/, '.ts') : file);
}

function bins() {
  const manifests = globSync('{apps,libs}/*/package.json', { cwd: fromRoot() }).map(json);
  return new Set(manifests.flatMap(({ bin = {} }) => Object.keys(bin)));
}

function stages() {
  return parseDockerfile(readFileSync(fromRoot('deploy', 'docker', 'Dockerfile'), 'utf8')).stages.map(
    ({ name }) => name,
  );
}

function methodOf(command) {
  return (
    /(?:-X|--request)[ =]?(\w+)/.exec(command)?.[1] ??
    (/\s(-d|--data\S*|--json)\s/.test(command) ? 'POST' : 'GET')
  );
}

/** Whether either application has it; a variable or an id of the page stands for any text. */
function isRoute(method, path) {
  if (['/livez', '/readyz', '/healthz', '/metrics', '/.well-known/jwks.json'].includes(path)) return true;
  const wanted = path.split('/');
  return ['control-plane', 'data-plane'].some((app) =>
    Object.entries(json(`docs/openapi/${app}.json`).paths).some(([route, methods]) => {
      const parts = route.split('/');
      const fits = (part, index) => part === wanted[index] || (part.startsWith('{') && wanted[index] !== '');
      return methods[method.toLowerCase()] && parts.length === wanted.length && parts.every(fits);
    }),
  );
}

function isValue(key) {
  const values = parse(readFileSync(fromRoot('helm', 'tenantry', 'values.yaml'), 'utf8'));
  let at = values;
  for (const part of key.split('.')) {
    // An object without keys of its own takes any; so does a list.
    if (at === null || typeof at !== 'object' || Array.isArray(at) || Object.keys(at).length === 0)
      return true;
    // These take any key of `defaults`.
    const more = ['api', 'worker', 'workload'].some(
      (name) =>
        at === values.controlPlane?.[name] ||
        at === values.dataPlane?.[name] ||
        at === values.verifier?.[name],
    )
      ? values.defaults
      : {};
    if (!(part in at) && !(part in more)) return false;
    at = at[part] ?? more[part];
  }
  return true;
}
