import { run } from '../run.mjs';

/** The registry gave no answer that would say anything about advisories. */
export class NoAdvisories extends Error {}

/**
 * Asks the registry that npm is configured with for advisories against what the lock file names.
 *
 * @param {{ registry?: string, cache?: string }} options another registry's address, and the folder that npm keeps in mind what it answered.
 * @returns {Promise<{ id: string, package: string, severity: string, title: string, url: string, folders: string[] }[]>} each advisory once for each
 * package that it is about; `folders`: where that is installed, as the lock file says.
 * @throws NoAdvisories with what it answered instead.
 */
export async function advisories({ registry, cache } = {}) {
  const where = [registry && `--registry=${registry}`, cache && `--cache=${cache}`].filter(Boolean);
  const text = await run('npm', ['audit', '--json', '--package-lock-only', ...where], { allowFailure: true });
  const report = parsed(text);
  if (report?.auditReportVersion !== 2)
    throw new NoAdvisories(report?.message ?? report?.error?.summary ?? 'npm audit answered nothing');
  return Object.values(report.vulnerabilities).flatMap(({ name, nodes, via }) =>
    // A text names another package through which this one is concerned; that one is in the report itself.
    via
      .filter((cause) => typeof cause === 'object')
      .map(({ url, title, severity }) => ({
        id: url.split('/').at(-1),
        package: name,
        severity,
        title,
        url,
        folders: nodes,
      })),
  );
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
