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
    const { instead, json, junit, verbose, options } = await commandLine(args);
    if (instead === 'help') out(HELP);
    if (instead === 'cases') out(listOfCases());
    if (instead !== undefined) return 0;
    // Who watches sees each case as it ends, and then only what is left to say; a file gets the report whole and in order.
    const watched = !json && process.stdout.isTTY;
    const show = watched ? out : err;
    const report = await runConformance(
      { ...options, onProgress: err, ...(verbose && { onOutput: (line) => err(`  | ${line}`) }) },
      (result) => show(resultLine(result)),
    );
    if (junit !== undefined) await writeFile(junit, junitReport(report));
    out(json ? JSON.stringify(report, null, 2) : humanReport(report, { listed: watched }));
    return report.ok ? 0 : FAILED;
  } catch (error) {
    err(error instanceof Error ? error.message : String(error));
    return error instanceof UnusableOptions || error instanceof ForeignTenants ? MISUSED : FAILED;
  }
}
