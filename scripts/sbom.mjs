/** `npm run sbom`: writes what each image is made of, as CycloneDX by npm, to `.cache/sbom/<image>.cdx.json`; the images hold the same file. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from './build.mjs';
import { assemble, IMAGES } from './images/assemble.mjs';
import { SBOM, sbomFits } from './images/sbom.mjs';
import { fromRoot } from './run.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'tenantry-images-'));
try {
  await build();
  mkdirSync(fromRoot('.cache', 'sbom'), { recursive: true });
  for (const image of IMAGES) {
    const { root } = await assemble(image, folder);
    const file = fromRoot('.cache', 'sbom', `${image}.cdx.json`);
    copyFileSync(path.join(root, SBOM), file);
    console.log(`${path.relative(process.cwd(), file)}: ${sbomFits(root).note}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
