import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { isMap, isScalar, parseDocument } from 'yaml';
import { fromRoot } from '../run.mjs';
import { dashboardDocuments } from './dashboards.mjs';

const CHART = 'helm/tenantry';
const BEGIN = '<!-- What follows is generated from values.yaml by `npm run generate`. -->';

/**
 * What is generated of the chart: the table of values at the end of its README, and the copies of alert rules and dashboards, since a
 * chart can read no file outside of itself.
 */
export async function helmDocuments() {
  return { ...(await readme()), ...(await alerts()), ...(await dashboards()) };
}

async function readme() {
  const file = `${CHART}/README.md`;
  const written = await readFile(fromRoot(file), 'utf8');
  const at = written.indexOf(BEGIN);
  if (at < 0) throw new Error(`${file} has lost the line ${BEGIN}`);
  const values = parseDocument(await readFile(fromRoot(CHART, 'values.yaml'), 'utf8'));
  const rows = [...rowsOf(values.contents)].map(
    ({ key, value, what }) => `| \`${key}\` | ${value} | ${what} |`,
  );
  const table = ['| value | default | what |', '|---|---|---|', ...rows].join('\n');
  return { [file]: `${written.slice(0, at)}${BEGIN}\n\n${table}\n` };
}

async function alerts() {
  const files = (await readdir(fromRoot('deploy', 'alerts'))).filter((file) => file.endsWith('.yaml'));
  const copies = files.map(async (file) => [
    `${CHART}/files/alerts/${file}`,
    await readFile(fromRoot('deploy', 'alerts', file), 'utf8'),
  ]);
  return Object.fromEntries(await Promise.all(copies));
}

async function dashboards() {
  const documents = Object.entries(await dashboardDocuments());
  return Object.fromEntries(
    documents.map(([file, content]) => [`${CHART}/files/dashboards/${path.basename(file)}`, content]),
  );
}

/** Each key that holds a value, and each that is explained, in the order of the file. */
function* rowsOf(map, before = '') {
  for (const [index, { key, value }] of map.items.entries()) {
    const name = before + key.value;
    // What stands above the first key of a map belongs to the map.
    const what = explanation(key.commentBefore ?? (index === 0 && before ? map.commentBefore : undefined));
    const opened = isMap(value) && !value.flow && value.items.length > 0;
    if (!opened || what) yield { key: name, value: opened ? '' : defaultOf(value), what };
    if (opened) yield* rowsOf(value, `${name}.`);
  }
}

/** A comment that begins with `--`, as one line. */
function explanation(comment) {
  const lines = (comment ?? '').split('\n').map((line) => line.trim());
  const first = lines.findIndex((line) => line.startsWith('-- '));
  if (first < 0) return '';
  return lines.slice(first).join(' ').slice('-- '.length).replaceAll('|', '\\|');
}

function defaultOf(value) {
  const content = isScalar(value) ? value.value : value.toJSON();
  return content === null || content === '' ? '' : `\`${JSON.stringify(content)}\``.replaceAll('|', '\\|');
}
