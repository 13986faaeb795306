import { compareDocuments } from '../../generate/documents.mjs';
import { incompatibilities } from './compatibility.mjs';
import { currentContract, releasedContract, releasedFiles } from './contract.mjs';
import { BENIGN, VIOLATIONS } from './seeds.mjs';

/**
 * The released contract with what is compatible added.
 *
 * @throws Error naming everything that breaks with what was released.
 */
export async function releasedDocuments() {
  const { opened } = await import('@tenantry/contracts');
  const [released, current] = [await releasedContract(), await currentContract()];
  const { structure, samples } = incompatibilities(released, current, opened);
  if (structure.length + samples.length > 0) {
    throw new Error(
      [
        'Messages break with what was released:',
        ...structure,
        ...samples,
        'Within a version there are only optional additions; make a new version of the type, and write both for as long as the old one is read.',
        'A type that nobody has been given yet may still change: delete its file in libs/contracts/released and run `npm run generate`.',
      ].join('\n'),
    );
  }
  return releasedFiles(released, current);
}

/** The messages are compatible with the released ones, and what was added to them is recorded as released too. */
export async function contractsCompatible() {
  await compareDocuments(await releasedDocuments());
}

/** The gate reports each of the mistakes that it is for, and lets through what is allowed. */
export async function contractGateBites() {
  const { opened } = await import('@tenantry/contracts');
  const released = await currentContract();
  const problems = [];
  for (const { name, seed, seenBySamples } of VIOLATIONS) {
    const current = structuredClone(released);
    seed(current);
    const { structure, samples } = incompatibilities(released, current, opened);
    if (structure.length === 0) problems.push(`comparing schemas does not see: ${name}`);
    if (seenBySamples && samples.length === 0) problems.push(`reading samples does not see: ${name}`);
  }
  for (const { name, seed } of BENIGN) {
    const current = structuredClone(released);
    seed(current);
    const { structure, samples } = incompatibilities(released, current, opened);
    problems.push(...[...structure, ...samples].map((what) => `${name} is refused: ${what}`));
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
}
