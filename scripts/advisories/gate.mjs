import { readFileSync } from 'node:fs';
import { IMAGES } from '../images/assemble.mjs';
import { shippedPackages } from '../images/shipped-packages.mjs';
import { fromRoot } from '../run.mjs';
import { judge } from './judge.mjs';
import { advisories, NoAdvisories } from './npm-audit.mjs';
import { problemsOfExceptions } from './exceptions.mjs';

/** What may stand for a while, and why. */
export const EXCEPTIONS = 'deploy/audit-exceptions.json';

/**
 * No advisory of weight is known against what the lock file names, but for those that deploy/audit-exceptions.json excuses.
 *
 * A registry that has no advisories (many mirrors do not) is no reason to fail, unless REQUIRE_AUDIT=1 says so: then somebody relies on the answer.
 *
 * @returns {Promise<{ note: string }>} what was found and does not matter, or that nothing could be found out.
 * @throws Error naming each advisory that stops us, and what is wrong with an exception.
 */
export async function noAdvisories() {
  const exceptions = JSON.parse(readFileSync(fromRoot(EXCEPTIONS), 'utf8'));
  const now = new Date();
  const found = await advisories().catch((error) => {
    if (!(error instanceof NoAdvisories) || process.env.REQUIRE_AUDIT === '1') throw error;
    return error;
  });
  if (found instanceof NoAdvisories) {
    refuse(problemsOfExceptions(exceptions, now));
    return {
      note: `NOT CHECKED: the registry tells no advisories (${found.message}); REQUIRE_AUDIT=1 insists`,
    };
  }
  const { problems, passed } = judge(found, { exceptions, shipped: inImages(), now });
  refuse(problems);
  return { note: passed.join('\n') };
}

/** The folders of all packages that go into an image. */
export function inImages() {
  return IMAGES.map((image) => shippedPackages(`apps/${image}`)).reduce((all, some) => all.union(some));
}

function refuse(problems) {
  if (problems.length > 0) throw new Error(problems.join('\n'));
}
