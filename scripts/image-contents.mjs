/**
 * `npm run image-contents`: what each image would hold beside its base, by package and workspace, the largest first. `-- --whole` as for test:images;
 * `-- --keep FOLDER` leaves the images' files there to look at.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { assemble, IMAGES } from './images/assemble.mjs';
import { contentsOf, megabytes } from './images/contents.mjs';

const { whole, keep } = parseArgs({
  options: { whole: { type: 'boolean', default: false }, keep: { type: 'string' } },
}).values;
const SHOWN = 15;

const folder = keep ? path.resolve(keep) : mkdtempSync(path.join(tmpdir(), 'tenantry-images-'));
mkdirSync(folder, { recursive: true });
try {
  if (!whole) await build();
  for (const image of IMAGES) {
    const { root, config } = await assemble(image, folder, { whole });
    const { files, bytes, parts } = contentsOf(root);
    console.log(`\ntenantry/${image}: ${files} files, ${megabytes(bytes)} on ${config.base}`);
    for (const part of parts.slice(0, SHOWN))
      console.log(`${megabytes(part.bytes).padStart(9)}  ${part.name}`);
    const rest = parts.slice(SHOWN);
    const restBytes = rest.reduce((sum, part) => sum + part.bytes, 0);
    console.log(`${megabytes(restBytes).padStart(9)}  in ${rest.length} more`);
    if (keep) console.log(`           its files are in ${path.join(root, config.workdir)}`);
  }
} finally {
  if (!keep) rmSync(folder, { recursive: true, force: true });
}
