import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import config from '../../.dependency-cruiser.mjs';
import { fromRoot, run } from '../run.mjs';
import { SEEDS, SURROUNDINGS } from './import-rule-seeds.mjs';

const CONFIG = '.dependency-cruiser.mjs';

/** The repository keeps the import rules. */
export async function importRules() {
  await run('depcruise', ['--config', CONFIG, 'libs', 'apps', 'test', 'bench']);
}

/** Each import rule reports the violation that was made for it; a rule that matches nothing would pass for ever. */
export async function importRulesBite() {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-seeds-'));
  try {
    await plant(folder);
    const found = await violations(folder);
    const silent = SEEDS.filter(({ rule, file }) => !found.has(`${rule} ${file}`));
    const unseeded = config.forbidden.filter(({ name }) => !SEEDS.some(({ rule }) => rule === name));
    if (silent.length + unseeded.length > 0) {
      throw new Error(
        [
          ...silent.map(({ rule, file }) => `the rule ${rule} does not report its seeded violation ${file}`),
          ...unseeded.map(({ name }) => `the rule ${name} has no seeded violation`),
        ].join('\n'),
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function plant(folder) {
  for (const name of ['package.json', 'tsconfig.base.json', 'tsconfig.check.json', CONFIG]) {
    await cp(fromRoot(name), path.join(folder, name));
  }
  const kinds = new Set(SEEDS.map(({ file }) => file.split('/').slice(0, 2).join('/')));
  for (const kind of kinds) {
    if (/^(libs|apps)\//.test(kind))
      await cp(fromRoot(kind, 'package.json'), path.join(folder, kind, 'package.json'));
  }
  await symlink(fromRoot('node_modules'), path.join(folder, 'node_modules'));
  const files = { ...SURROUNDINGS, ...Object.fromEntries(SEEDS.map(({ file, content }) => [file, content])) };
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), content);
  }
}

/** @returns {Promise<Set<string>>} `rule file` of everything that is reported. */
async function violations(folder) {
  const args = ['--config', CONFIG, '--output-type', 'json', 'libs', 'apps', 'test'];
  const report = JSON.parse(await run('depcruise', args, { cwd: folder, allowFailure: true }));
  return new Set(report.summary.violations.map(({ rule, from }) => `${rule.name} ${from}`));
}
