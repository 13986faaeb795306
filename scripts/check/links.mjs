import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fromRoot } from '../run.mjs';

/** Every link from one of our pages to another, or to a heading, leads somewhere. */
export async function linksLead() {
  const pages = globSync('{*.md,{docs,deploy,helm,apps,libs,examples,bench,test}/**/*.md}', {
    cwd: fromRoot(),
    exclude: (name) => /(^|\/)(node_modules|dist)(\/|$)/.test(typeof name === 'string' ? name : name.name),
  });
  const problems = pages.flatMap((page) => problemsOf(page, readFileSync(fromRoot(page), 'utf8')));
  if (problemsOf('README.md', '[x](docs/nothing.md) [y](docs/operate.md#nothing)').length !== 2)
    problems.push('the check does not see links that lead nowhere');
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return { note: `${pages.length} pages` };
}

function problemsOf(page, text) {
  const links = [...withoutCode(text).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target);
  return links
    .filter((target) => !/^[a-z]+:/i.test(target))
    .filter((target) => !leads(page, target))
    .map((target) => `${page}: ${target} leads nowhere`);
}

function leads(page, target) {
  const [file, heading] = target.split('#');
  const place = file === '' ? page : path.join(path.dirname(page), file);
  if (!existsSync(fromRoot(place))) return false;
  if (heading === undefined || statSync(fromRoot(place)).isDirectory() || !place.endsWith('.md')) return true;
  return anchorsOf(readFileSync(fromRoot(place), 'utf8')).has(heading);
}

/** As GitHub makes them of headings: the second of the same text gets a number. */
function anchorsOf(text) {
  const seen = new Map();
  const anchors = new Set();
  for (const [, heading] of withoutCode(text, false).matchAll(/^#{1,6} +(.+?)\s*$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
    const anchor = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  return anchors;
}

/** Blocks of code hold no links or headings; inline code holds no links. */
function withoutCode(text, inline = true) {
  const blocks = text.replace(/^\s*```[\s\S]*?^\s*```/gm, '');
  return inline ? blocks.replace(/`[^`\n]*`/g, '') : blocks;
}
