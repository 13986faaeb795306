import { existsSync, globSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fromRoot } from '../run.mjs';
import { alertRules, runbookOf } from './alerts.mjs';

const FOLDER = 'docs/runbooks';
const PARTS = ['What you notice', 'How to tell', 'How to mend', 'How to prove that it is mended'];
/** What `app.kubernetes.io/component` can be; the chart's pods have it. */
const COMPONENTS = ['api', 'worker', 'control-plane', 'data-plane', 'verifier'];

/**
 * Every alert has a runbook with the same four parts, no runbook is without its alert, and what a runbook tells people to call, start, look
 * for or read exists.
 */
export async function runbooksAreReal() {
  const alerts = [...new Set(alertRules().flatMap(({ alert }) => alert ?? []))];
  const expected = new Map(alerts.map((alert) => [runbookOf(alert), alert]));
  const there = runbooks();
  const faults = [
    ...[...expected.keys()].filter((file) => !there.includes(file)).map((file) => `${file} is missing`),
    ...there.filter((file) => !expected.has(file)).map((file) => `${file} belongs to no alert`),
  ];
  for (const file of [...there, `${FOLDER}/README.md`]) {
    const text = readFileSync(fromRoot(file), 'utf8');
    const own = file.endsWith('README.md') ? [] : partsOf(text, expected.get(file));
    faults.push(...[...own, ...namesOf(file, text)].map((fault) => `${file}: ${fault}`));
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

/** The blocks of runbooks that are of a kind, such as `promql` or `sql control-plane`. */
export function runbookBlocks(kind) {
  return runbooks().flatMap((file) =>
    blocksOf(readFileSync(fromRoot(file), 'utf8'))
      .filter((block) => block.kind === kind)
      .map(({ content }) => ({ file, content })),
  );
}

function runbooks() {
  return readdirSync(fromRoot(FOLDER))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .map((name) => `${FOLDER}/${name}`);
}

function blocksOf(text) {
  return [...text.matchAll(/^```([\w -]+)\n([^]*?)\n```$/gm)].map(([, kind, content]) => ({ kind, content }));
}

function partsOf(text, alert) {
  const title = /^# (.*)$/m.exec(text)?.[1];
  const parts = [...text.matchAll(/^## (.*)$/gm)].map(([, part]) => part);
  return [
    ...(title === alert ? [] : [`its title is not ${alert}`]),
    ...(parts.join() === PARTS.join() ? [] : [`its parts are not: ${PARTS.join(', ')}`]),
  ];
}

/** What a text of this file tells people to call, start, look for or read, and that does not exist. */
export function namesOf(file, text) {
  const { routes, sources, commands } = whatThereIs();
  const calls = [...text.matchAll(/\bapi (GET|POST|PUT|PATCH|DELETE) ["']?(\/[^\s"'`]+)/g)];
  const logged = blocksOf(text).filter(({ kind }) => kind === 'log');
  const entries = [...text.matchAll(/\bnode (apps\/\S+\/dist\/\S+)\.js/g)].map(([, entry]) => entry);
  const binaries = [...text.matchAll(/\bnpx ([\w-]+)/g), ...text.matchAll(/\bnpm run ([\w:-]+)/g)];
  const components = [...text.matchAll(/component(?:=| in \()([\w,-]+)/g)].flatMap(([, names]) =>
    names.split(','),
  );
  return [
    ...calls
      .filter(([, method, url]) => !routes.some((route) => route.takes(method, url)))
      .map(([, method, url]) => `the control plane does not know ${method} ${url}`),
    ...logged
      .flatMap(({ content }) => content.split('\n'))
      .filter((line) => !sources.includes(line))
      .map((line) => `nothing logs “${line}”`),
    ...entries
      .filter((entry) => !existsSync(fromRoot(`${entry.replace('/dist/', '/src/')}.ts`)))
      .map((entry) => `there is no ${entry}.js`),
    ...binaries.filter(([, name]) => !commands.has(name)).map(([, name]) => `there is no command ${name}`),
    ...components
      .filter((name) => !COMPONENTS.includes(name))
      .map((name) => `the chart has no component ${name}`),
    ...linksOf(file, text),
  ];
}

function linksOf(file, text) {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link)
    .filter((link) => !/^https?:/.test(link))
    .filter((link) => {
      const [to = '', anchor] = link.split('#');
      const target = to === '' ? fromRoot(file) : path.resolve(fromRoot(path.dirname(file)), to);
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
    })
    .map((link) => `the link ${link} leads nowhere`);
}

/** As GitHub makes them of headings. */
function anchorsOf(text) {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Routes of the control plane, which tell whether they take a call: method, path, and the names of query parameters. */
function apiRoutes() {
  const { paths } = JSON.parse(readFileSync(fromRoot('docs', 'openapi', 'control-plane.json'), 'utf8'));
  return Object.entries(paths).flatMap(([route, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => {
      const pattern = new RegExp(`^${route.replace(/\{\w+\}/g, '[^/]+')}$`);
      const queries = parameters.filter((one) => one.in === 'query').map(({ name }) => name);
      return {
        takes: (called, url) => {
          const [where, query = ''] = url.split('?');
          const asked = [...new URLSearchParams(query).keys()];
          return (
            called === method.toUpperCase() &&
            pattern.test(where) &&
            asked.every((name) => queries.includes(name))
          );
        },
      };
    }),
  );
}

let known;

function whatThereIs() {
  known ??= { routes: apiRoutes(), sources: sourceText(), commands: commandNames() };
  return known;
}

function sourceText() {
  return globSync('{libs,apps}/*/src/**/*.ts', { cwd: fromRoot() })
    .filter((name) => !name.endsWith('.spec.ts'))
    .map((name) => readFileSync(fromRoot(name), 'utf8'))
    .join('\n');
}

function commandNames() {
  const packages = globSync('{package.json,{libs,apps}/*/package.json}', { cwd: fromRoot() });
  const read = packages.map((name) => JSON.parse(readFileSync(fromRoot(name), 'utf8')));
  return new Set(
    read.flatMap(({ bin = {}, scripts = {} }) => [...Object.keys(bin), ...Object.keys(scripts)]),
  );
}
