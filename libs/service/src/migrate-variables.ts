import { untilReachable } from '@tenantry/database';
import type { Logger } from 'pino';
import { env } from './environment.js';

/** For commands that migrate a database; the same for each of them. */
export const MIGRATE_VARIABLES = {
  /** For how long to wait for a database that is not there yet. */
  migrateWaitMs: env.durationMs('MIGRATE_WAIT', 120_000),
};

/** Waits until the database is there. @throws when it is not within the time, or refuses whom it is asked by. */
export async function untilDatabaseIsThere(url: string, waitMs: number, logger: Logger): Promise<void> {
  await untilReachable(url, {
    patienceMs: waitMs,
    onWaiting: (err) => logger.warn({ waitingFor: 'database', waitMs, err }, 'the migration waits'),
  });
}
