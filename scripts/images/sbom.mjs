import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packagesOf } from './contents.mjs';

/** Where an image has the list of what is in it. */
export const SBOM = 'app/sbom.cdx.json';

/**
 * The image's SBOM is CycloneDX, names every package that is installed in the image in the version that is, with its licence, and nothing else.
 *
 * @param {string} root the image's root folder.
 * @returns {{ note: string }} how many packages of which licences.
 * @throws Error naming the differences.
 */
export function sbomFits(root) {
  const sbom = JSON.parse(readFileSync(path.join(root, SBOM), 'utf8'));
  const problems = [];
  if (sbom.bomFormat !== 'CycloneDX') problems.push(`it is ${sbom.bomFormat}, not CycloneDX`);
  const listed = new Set(sbom.components.map(({ purl }) => purl).filter((purl) => !isOurs(purl)));
  const installed = new Set(
    packagesOf(root).map((folder) => {
      const { name, version } = JSON.parse(
        readFileSync(path.join(root, 'app', folder, 'package.json'), 'utf8'),
      );
      return `pkg:npm/${name.replace('@', '%40')}@${version}`;
    }),
  );
  for (const purl of installed.difference(listed)) problems.push(`it does not list ${purl}`);
  for (const purl of listed.difference(installed)) problems.push(`it lists ${purl}, which is not installed`);
  const licences = new Map();
  for (const { purl, licenses = [] } of sbom.components) {
    const found = licenses.map(({ license, expression }) => expression ?? license.id ?? license.name);
    if (found.length === 0) problems.push(`${purl} has no licence`);
    for (const one of found) licences.set(one, (licences.get(one) ?? 0) + 1);
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const byLicence = [...licences].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`);
  return { note: `CycloneDX ${sbom.specVersion}, ${listed.size} packages: ${byLicence.join(', ')}` };
}

function isOurs(purl) {
  return purl.startsWith('pkg:npm/%40tenantry/');
}
