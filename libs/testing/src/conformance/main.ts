import { writeFile } from 'node:fs/promises';
import { commandLine, HELP, listOfCases } from './command-line.js';
import { UnusableOptions } from './conformance-options.js';
import { humanReport, junitReport, resultLine } from './report.js';
import { runConformance } from './run-conformance.js';
import { ForeignTenants } from './wire.js';

const FAILED = 1;
const MISUSED = 2;

const out = (text: string): void => void process.stdout.write(`${text}\n`);
const err = (text: string): void => void process.stderr.write(`${text}\n`);

/** The command `tenantry-conformance`. @returns its exit status: 0 conforms, 1 does not, 2 cannot be meant. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { show, json, junit, verbose, options } = await commandLine(args);
    if (show === 'help') out(HELP);
    if (show === 'cases') out(listOfCases());
    if (show !== undefined) return 0;
    const report = await runConformance(
      { ...options, onProgress: err, ...(verbose && { onOutput: (line) => err(`  | ${line}`) }) },
      (result) => err(resultLine(result)),
    );
    if (junit !== undefined) await writeFile(junit, junitReport(report));
    err('');
    out(json ? JSON.stringify(report, null, 2) : humanReport(report));
    return report.ok ? 0 : FAILED;
  } catch (error) {
    err(error instanceof Error ? error.message : String(error));
    return error instanceof UnusableOptions || error instanceof ForeignTenants ? MISUSED : FAILED;
  }
}
