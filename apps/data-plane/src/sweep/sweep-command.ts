import { parseArgs } from 'node:util';
import { orphanTable, sweepOrphans, type Secret } from '@tenantry/data-plane-kit';
import { createTransport } from '@tenantry/data-plane-kit/nest';
import { createLogger } from '@tenantry/service';
import type { SweepConfig } from '../config.js';
import { referenceService } from '../reference-service.js';

/** What the command ends with. `failed`: it was called wrongly, or could not find out. */
export const SWEEP_EXIT = { clean: 0, findings: 1, failed: 2 } as const;

const USAGE = `Usage: node main.sweep.js [--delete] [--json]

Compares the tenants with the schemas, roles and databases of this service, and reports what does not match.
  --delete  also deletes what is deletable: marked by this service, older than the tenant's tombstone here
  --json    prints the report as JSON`;

/** Where the command writes: reports to `out`, everything else to `err`. */
export interface SweepStreams {
  readonly out: { write(text: string): unknown };
  readonly err: { write(text: string): unknown };
}

/** Runs one sweep for a person or a job. @returns the exit code, one of SWEEP_EXIT. */
export async function sweepCommand(
  args: readonly string[],
  readConfig: () => SweepConfig,
  { out, err }: SweepStreams,
): Promise<number> {
  const flags = readFlags(args);
  if (!flags) {
    err.write(`${USAGE}\n`);
    return SWEEP_EXIT.failed;
  }
  const logger = createLogger({ service: 'data-plane-sweep' }, err);
  try {
    const config = readConfig();
    logger.level = config.logLevel;
    const reports = await sweepOrphans({
      service: referenceService(config.participant),
      provisionerUrls: provisionerUrlsOf(config),
      transport: createTransport(config.transport, config.participant, logger),
      logger,
      delete: flags.delete,
    });
    for (const report of reports)
      out.write(`${flags.json ? JSON.stringify(report, undefined, 2) : orphanTable(report)}\n`);
    return reports.every(({ clean }) => clean) ? SWEEP_EXIT.clean : SWEEP_EXIT.findings;
  } catch (error) {
    logger.error({ err: error }, 'the sweep failed');
    return SWEEP_EXIT.failed;
  }
}

function provisionerUrlsOf({
  defaultCluster,
  provisionerUrl,
  clusters,
}: SweepConfig): Record<string, Secret> {
  const further = Object.entries(clusters).map(([name, cluster]) => [name, cluster.provisionerUrl] as const);
  return { [defaultCluster]: provisionerUrl, ...Object.fromEntries(further) };
}

/** Undefined when the arguments are not understood. */
function readFlags(
  args: readonly string[],
): { readonly delete: boolean; readonly json: boolean } | undefined {
  try {
    const options = {
      delete: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    } as const;
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch {
    return undefined;
  }
}
