/** Removes what builds leave; keeps packages and the data of `npm start`. */
import { globSync, rmSync } from 'node:fs';
import { fromRoot } from './run.mjs';

for (const leftover of [
  ...globSync('{libs,apps}/*/{dist,*.tsbuildinfo}', { cwd: fromRoot() }),
  '.cache/build',
]) {
  rmSync(fromRoot(leftover), { recursive: true, force: true });
}
