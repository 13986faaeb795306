import { SupportDesk, type Secret } from '@tenantry/data-plane-kit';
import { createLogger, type Logger } from '@tenantry/service';
import type { SupportConfig } from '../config.js';
import { referenceService } from '../reference-service.js';
import { readSupportArguments, type SupportArguments } from './support-arguments.js';

/** What the command ends with: 1 when it could not be done, or not in every tenant. */
export const SUPPORT_EXIT = { done: 0, failed: 1, misused: 2 } as const;

const USAGE = `Usage: node main.support.js --actor ID --reason TEXT (--tenant ID … | --all-tenants) [options] 'SELECT …'

Runs one statement in one tenant after the other, and prints each row as JSON. Who, why and what is recorded before anything is read, here
and in the control plane's audit log.
  --value TEXT   what $1 stands for in the statement; again for $2
  --minutes N    for how long the access is asked for (15)
  --write        lets the statement change something`;

/** Where the command writes: rows to `out`, everything else to `err`. */
export interface SupportStreams {
  readonly out: { write(text: string): unknown };
  readonly err: { write(text: string): unknown };
}

/** Reaches tenants' data for somebody of support. @returns the exit code, one of SUPPORT_EXIT. */
export async function supportCommand(
  args: readonly string[],
  readConfig: () => SupportConfig,
  { out, err }: SupportStreams,
): Promise<number> {
  const asked = readSupportArguments(args);
  if (!asked) {
    err.write(`${USAGE}\n`);
    return SUPPORT_EXIT.misused;
  }
  const logger = createLogger({ service: 'data-plane-support' }, err);
  try {
    const config = readConfig();
    logger.level = config.logLevel;
    await answer(asked, config, logger, (line) => out.write(`${line}\n`));
    return SUPPORT_EXIT.done;
  } catch (error) {
    logger.error({ err: error }, 'support was refused, or could not be served');
    return SUPPORT_EXIT.failed;
  }
}

async function answer(
  { actor, reason, minutes, tenants, write, statement: text, values }: SupportArguments,
  { participant, supportUrl, defaultCluster, clusters }: SupportConfig,
  logger: Logger,
  print: (line: string) => void,
): Promise<void> {
  const desk = await SupportDesk.open({
    service: referenceService(participant),
    supportUrl,
    cluster: defaultCluster,
    clusters: reached(clusters),
    logger,
  });
  try {
    const request = {
      actor,
      reason,
      expiresAt: new Date(Date.now() + minutes * 60_000),
      readOnly: !write,
      ...(tenants && { tenants }),
    };
    await desk.crossTenant.run(request, async (access) => {
      for await (const { tenantId, rows } of access.queryEach({ text, values }))
        for (const row of rows) print(JSON.stringify({ tenantId, row }));
    });
  } finally {
    await desk.close();
  }
}

/** The further clusters on which support has a login. */
function reached(clusters: SupportConfig['clusters']): Record<string, Secret> {
  return Object.fromEntries(
    Object.entries(clusters).flatMap(([name, { supportUrl }]) => (supportUrl ? [[name, supportUrl]] : [])),
  );
}
