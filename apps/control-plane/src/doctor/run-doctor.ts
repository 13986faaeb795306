import { createLogger, ConfigError, type Environment } from '@tenantry/service';
import { parseArgs } from 'node:util';
import { APP_INFO } from '../app-info.js';
import { loadConfig, signingKeyReader } from '../config.js';
import { examine } from './examine.js';
import { findingsOf, overallStatus, type Finding } from './finding.js';
import { printFindings } from './print-findings.js';

interface Output {
  write(text: string): unknown;
}

const USAGE = `usage: tenantry-doctor [-o table|json]

Looks at everything that a control plane needs, with the variables that its processes have: the database (version, role, privileges,
migrations, whether it was restored, what is in between, the clock), Kafka, keys, and each participant's last sign of life. It changes nothing.
What fails is told with its fix.

  -o, --output  table (default) or json

exit status: 0 nothing fails, warnings or not; 1 something does; 2 called wrongly; 3 tenantry-doctor itself failed
`;

/** Runs the command line of `tenantry-doctor`. @returns its exit status, as the usage tells. */
export async function runDoctor(
  args: readonly string[],
  out: Output,
  err: Output,
  environment?: Environment,
): Promise<0 | 1 | 2 | 3> {
  const request = requestOf(args);
  if (request === 'help') {
    out.write(USAGE);
    return 0;
  }
  if (typeof request === 'string') {
    err.write(`tenantry-doctor: ${request}\n${USAGE}`);
    return 2;
  }
  try {
    const findings = await findingsWith(environment);
    const status = overallStatus(findings);
    if (request.output === 'json')
      out.write(`${JSON.stringify({ status, version: APP_INFO.version, findings }, undefined, 2)}\n`);
    else out.write(printFindings(findings));
    return status === 'fail' ? 1 : 0;
  } catch (error) {
    err.write(
      `tenantry-doctor: failed itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 3;
  }
}

async function findingsWith(environment: Environment | undefined): Promise<readonly Finding[]> {
  const { ok, fail } = findingsOf('configuration');
  try {
    const config = loadConfig(environment);
    const readKey = signingKeyReader(config, environment);
    const logger = createLogger({ service: 'tenantry-doctor', level: 'silent' });
    return [ok('variables', 'complete'), ...(await examine({ config, readKey, logger }))];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) =>
      fail('variables', problem, 'set it for this command as for the control plane’s processes'),
    );
  }
}

function requestOf(args: readonly string[]): { readonly output: 'table' | 'json' } | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        output: { type: 'string', short: 'o', default: 'table' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return 'help';
    const { output } = values;
    if (output !== 'table' && output !== 'json') return '-o must be table or json';
    return { output };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
