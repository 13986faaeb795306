import type { SqlExecutor } from '@tenantry/database';
import { readEpoch, type Logger } from '@tenantry/messaging';
import { judgeIdentity } from './database-identity.js';
import { meetIdentity } from './met-identity.js';
import { noteChange, readNotedIdentity } from './noted-identity.js';
import { RestoredDatabase } from './restored-database.js';

/**
 * Compares the database with the identity that was noted in it, and notes what a failover or an upgrade of the server has changed. Where
 * nothing was noted (the database is being installed), nothing is compared.
 *
 * @throws RestoredDatabase when it is a copy, or was taken back to an earlier point.
 */
export async function checkIdentity(sql: SqlExecutor, logger: Logger): Promise<void> {
  const noted = await readNotedIdentity(sql);
  if (!noted) return;
  const met = await meetIdentity(sql);
  const verdict = judgeIdentity(noted, met);
  switch (verdict.kind) {
    case 'same':
      return;
    case 'restored':
      throw new RestoredDatabase(verdict.why);
    case 'upgraded':
      if (await noteChange(sql, noted, met, false))
        logger.info({ from: noted.serverVersion, to: met.serverVersion }, 'the database server was upgraded');
      return;
    case 'rewritten':
      if (await noteChange(sql, noted, met, true))
        logger.warn(
          {},
          'the rows of the database were written anew; if other data was put into its tables, run main.migrate --raise-epoch',
        );
      return;
    case 'promoted':
      if (await noteChange(sql, noted, met, true))
        logger.warn(
          { from: verdict.from, to: verdict.to },
          'the database server was promoted; if it has lost transactions, or was restored, run main.migrate --raise-epoch',
        );
  }
}

/**
 * As {@link checkIdentity}, for a start, which a record in the state channel that is above the database's own forbids as well:
 * a process that runs when it is found only stops sending.
 *
 * @throws RestoredDatabase.
 */
export async function refuseRestored(sql: SqlExecutor, logger: Logger): Promise<void> {
  await checkIdentity(sql, logger);
  const { ahead } = await readEpoch(sql);
  if (ahead) throw new RestoredDatabase('the state channel holds numbers that it does not know any more');
}
