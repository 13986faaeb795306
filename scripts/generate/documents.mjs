import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fromRoot } from '../run.mjs';

/** Writes generated files, each under its path in the repository. */
export async function writeDocuments(documents) {
  for (const [file, content] of Object.entries(documents)) {
    await mkdir(path.dirname(fromRoot(file)), { recursive: true });
    await writeFile(fromRoot(file), content);
  }
}

/** @throws Error showing the first difference of each committed file from what would be generated now. */
export async function compareDocuments(documents) {
  const differences = [];
  for (const [file, content] of Object.entries(documents)) {
    const committed = await readFile(fromRoot(file), 'utf8').catch(() => undefined);
    if (committed === undefined) differences.push(`${file} is missing`);
    else if (committed !== content)
      differences.push(`${file} is out of date, ${firstDifference(committed, content)}`);
  }
  if (differences.length > 0)
    throw new Error([...differences, 'Run `npm run generate` and commit the result.'].join('\n'));
}

function firstDifference(committed, generated) {
  const [before, after] = [committed.split('\n'), generated.split('\n')];
  const line = after.findIndex((text, index) => text !== before[index]);
  const at = line < 0 ? after.length : line;
  return `from line ${at + 1}:\n  - ${before[at] ?? '(end)'}\n  + ${after[at] ?? '(end)'}`;
}
