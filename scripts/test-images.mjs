/**
 * `npm run test:images`: what would be in the images, and that it runs, without an engine. The Dockerfile's instructions are carried out on this
 * machine; every program of the result is then run sealed off as in its container, with the variables of docker-compose.yml, against real servers.
 *
 * `-- --whole` carries out the compiling stage too, from what a build may see, instead of taking the repository's results. REQUIRE_AUDIT=1: a registry
 * that tells no advisories is a failure.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { noAdvisories } from './advisories/gate.mjs';
import { advisoriesBite } from './advisories/gate-bites.mjs';
import { build } from './build.mjs';
import { imageChecks } from './images/image-checks.mjs';
import { reportChecks } from './report-checks.mjs';
import { systemChecks } from './images/system-checks.mjs';
import { assemble, IMAGES } from './images/assemble.mjs';

const whole = process.argv.includes('--whole');
const folder = mkdtempSync(path.join(tmpdir(), 'tenantry-images-'));
// Its processes belong to nobody, who must be able to pass.
chmodSync(folder, 0o711);
let system;
let failed = 1;
try {
  if (!whole) await build();
  const startedAt = performance.now();
  const assembled = IMAGES.map(async (image) => [image, await assemble(image, folder, { whole })]);
  const images = Object.fromEntries(await Promise.all(assembled));
  console.log(
    `Assembled ${IMAGES.join(' and ')} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`,
  );
  system = await systemChecks(images);
  failed = await reportChecks({
    ...imageChecks(images),
    'no advisory of weight is known (npm audit)': noAdvisories,
    'the gate on advisories bites (seeded advisories)': advisoriesBite,
    ...system.checks,
  });
} catch (error) {
  console.error(error.message);
  console.log('0 passed, 1 failed');
} finally {
  await system?.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed > 0 ? 1 : 0);
