import { pgExecutor } from '@tenantry/database';
import { raiseEpochTx } from '@tenantry/messaging';
import { Client } from 'pg';
import { recordSystemAuditTx } from '../audit/system-audit.js';
import { meetIdentity } from '../identity/met-identity.js';
import { noteIdentityTx } from '../identity/noted-identity.js';
import { renumberTenantsTx, type Renumbered } from './renumber-tenants.js';

export interface EpochToRaise {
  /** Of an administrator. */
  readonly adminUrl: string;
  /** Unless told, the next one. */
  readonly wanted?: number | undefined;
  /** The highest sequence that the state channel holds, where it could be asked. */
  readonly seen?: string | undefined;
}

export interface RaisedEpoch extends Renumbered {
  readonly before: number;
  readonly epoch: number;
}

/**
 * Raises the epoch of a database that was restored to an earlier point, in one transaction: from then on every number that it gives
 * out is above all that were given out before, every state record is published again, and everyone is asked again for what the
 * database wants of each tenant. The database is the installation's from then on.
 *
 * @throws RangeError when the wanted epoch is not above what is known.
 */
export async function raiseEpoch({ adminUrl, wanted, seen }: EpochToRaise): Promise<RaisedEpoch> {
  const client = new Client({ connectionString: adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const sql = pgExecutor(client);
    // Before the transaction, which a question that the server refuses would end.
    const identity = await meetIdentity(sql);
    await client.query('BEGIN');
    const raised = await raiseEpochTx(sql, { wanted, seen });
    const renumbered = await renumberTenantsTx(sql, raised.epoch);
    await noteIdentityTx(sql, identity);
    await recordSystemAuditTx(sql, {
      actor: 'system:migrate',
      action: 'epoch.raise',
      resource: 'installation',
      before: { epoch: raised.before },
      after: { epoch: raised.epoch, ...renumbered },
    });
    await client.query('COMMIT');
    return { ...raised, ...renumbered };
  } finally {
    // An open transaction ends with its connection.
    await client.end();
  }
}
