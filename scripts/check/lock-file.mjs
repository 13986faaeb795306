import { readFile } from 'node:fs/promises';
import { fromRoot } from '../run.mjs';

/** The lock file works with any registry: it names versions and checksums, but no address that packages come from. */
export async function lockFile() {
  const { packages } = JSON.parse(await readFile(fromRoot('package-lock.json'), 'utf8'));
  const problems = [];
  for (const [name, { resolved, link, optionalDependencies = {} }] of Object.entries(packages)) {
    if (resolved && !link) problems.push(`${name} has the address ${resolved}`);
    // npm leaves out a platform's package that its registry lacks, and then no npm accepts the lock file.
    for (const optional of Object.keys(optionalDependencies)) {
      if (!packages[`node_modules/${optional}`] && !packages[`${name}/node_modules/${optional}`]) {
        problems.push(`${name} needs ${optional}, which is not locked`);
      }
    }
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
}
