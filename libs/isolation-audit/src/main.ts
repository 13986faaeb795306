import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { auditDatabase } from './audit-database.js';
import { UnusableAudit } from './audit-options.js';
import { type CommandLine, commandLine, HELP } from './command-line.js';
import { isAtLeast } from './finding.js';
import { readOnly } from './read-only.js';
import { humanReport } from './report/human.js';
import { sarifReport } from './report/sarif.js';
import { stepSql } from './suggest/retrofit-step.js';
import { suggestRetrofit } from './suggest/suggest-retrofit.js';

/** What the command ends with. `failed`: it could not find out. */
export const AUDIT_EXIT = { clean: 0, findings: 1, failed: 2 } as const;

/** Where the command writes, and what it is started with. */
export interface Surroundings {
  readonly out: { write(text: string): unknown };
  readonly err: { write(text: string): unknown };
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The command `tenantry-audit`. @returns its exit status, one of AUDIT_EXIT. */
export async function main(
  args: readonly string[],
  { out, err, environment }: Surroundings,
): Promise<number> {
  try {
    const line = await commandLine(args, environment);
    if (line.help) {
      out.write(`${HELP}\n`);
      return AUDIT_EXIT.clean;
    }
    if (line.suggest) {
      await suggest(line, line.suggest, out);
      return AUDIT_EXIT.clean;
    }
    const report = await auditDatabase(line.request);
    const text = {
      table: () => humanReport(report),
      json: () => JSON.stringify(report, undefined, 2),
      sarif: () => JSON.stringify(sarifReport(report), undefined, 2),
    };
    out.write(`${text[line.format]()}\n`);
    const fails = report.findings.some(({ severity }) => isAtLeast(severity, line.failOn));
    return fails ? AUDIT_EXIT.findings : AUDIT_EXIT.clean;
  } catch (error) {
    const prefix = error instanceof UnusableAudit ? '' : 'the audit failed: ';
    err.write(`${prefix}${error instanceof Error ? error.message : String(error)}\n`);
    return AUDIT_EXIT.failed;
  }
}

async function suggest(
  { request, format }: CommandLine,
  { tenant, out: folder }: NonNullable<CommandLine['suggest']>,
  out: Surroundings['out'],
): Promise<void> {
  const { appRoles = [], tenantColumns = [], globalTables = [] } = request;
  const steps = await readOnly(request.url, (sql) =>
    suggestRetrofit(sql, {
      tenant,
      appRole: appRoles[0]!,
      globalTables,
      ...(tenantColumns[0] !== undefined && { tenantColumn: tenantColumns[0] }),
    }),
  );
  if (folder === undefined) {
    out.write(format === 'json' ? `${JSON.stringify(steps, undefined, 2)}\n` : steps.map(stepSql).join('\n'));
    return;
  }
  await mkdir(folder, { recursive: true });
  for (const step of steps) await writeFile(path.join(folder, `${step.name}.sql`), stepSql(step));
  out.write(`${steps.length} steps are in ${folder}.\n`);
}
