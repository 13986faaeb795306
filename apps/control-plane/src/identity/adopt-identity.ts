import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { readEpoch } from '@tenantry/messaging';
import { Client } from 'pg';
import { recordSystemAuditTx } from '../audit/system-audit.js';
import { judgeIdentity, type IdentityVerdict, type MetIdentity } from './database-identity.js';
import { meetIdentity } from './met-identity.js';
import { noteIdentityTx, readNotedIdentity } from './noted-identity.js';

/**
 * Notes which database this is where nobody has: at its installation, or the first time that a version runs which knows of it.
 *
 * @returns how it stands to what was noted before.
 */
export async function noteFirstIdentity(adminUrl: string): Promise<IdentityVerdict> {
  return asAdministrator(adminUrl, async (sql, met) => {
    const noted = await readNotedIdentity(sql);
    if (noted) return judgeIdentity(noted, met);
    await noteIdentityTx(sql, met);
    return { kind: 'same' };
  });
}

/**
 * Takes this database for the installation's without raising the epoch: everything that was committed to the old one is in it.
 * Where there is a state channel, it is compared with the database before anything is sent.
 *
 * @throws RangeError when the state channel is known to hold more.
 */
export async function adoptMoved(adminUrl: string): Promise<IdentityVerdict> {
  return asAdministrator(adminUrl, async (sql, met) => {
    const { ahead } = await readEpoch(sql);
    if (ahead)
      throw new RangeError(
        'The state channel holds numbers that the database does not know any more: run main.migrate --raise-epoch.',
      );
    const noted = await readNotedIdentity(sql);
    const verdict: IdentityVerdict = noted ? judgeIdentity(noted, met) : { kind: 'same' };
    await noteIdentityTx(sql, met, { promoted: true });
    await recordSystemAuditTx(sql, {
      actor: 'system:migrate',
      action: 'database.move',
      resource: 'installation',
      after: { ...verdict },
    });
    return verdict;
  });
}

/** The server is asked before the transaction, which a question that it refuses would end. */
async function asAdministrator<T>(
  adminUrl: string,
  workTx: (sql: SqlExecutor, met: MetIdentity) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const sql = pgExecutor(client);
    const met = await meetIdentity(sql);
    await client.query('BEGIN');
    const result = await workTx(sql, met);
    await client.query('COMMIT');
    return result;
  } finally {
    // An open transaction ends with its connection.
    await client.end();
  }
}
