/**
 * `npm run audit`: advisories against what the lock file names, from the registry that npm is configured with; those in deploy/audit-exceptions.json may
 * stand until the day that is given there. REQUIRE_AUDIT=1: a registry that tells no advisories is a failure.
 */
import { noAdvisories } from './advisories/gate.mjs';
import { reportChecks } from './report-checks.mjs';

const failed = await reportChecks({ 'no advisory of weight is known (npm audit)': noAdvisories });
process.exit(failed > 0 ? 1 : 0);
