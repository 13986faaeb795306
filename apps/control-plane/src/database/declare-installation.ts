import { pgExecutor } from '@tenantry/database';
import { Client } from 'pg';
import { insertFirstAdminKeyTx } from '../api-keys/first-admin-key.js';
import { declareDefaultClusterTx } from '../clusters/declare-default-cluster.js';
import { declareParticipantsTx } from '../participants/declare-participants.js';

/** What an installation begins with. Nothing that is there already is changed. */
export interface InstallationDefaults {
  readonly adminUrl: string;
  readonly defaultRegion: string;
  readonly participants: readonly string[];
  /** SHA-256, hex, of the first admin key; inserted only while no admin key is live. */
  readonly bootstrapKeyHash?: string | undefined;
}

/** Declares the first cluster, the configured participants and the first admin key, in one transaction. */
export async function declareInstallation(defaults: InstallationDefaults): Promise<void> {
  const client = new Client({ connectionString: defaults.adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const sql = pgExecutor(client);
    await client.query('BEGIN');
    await declareDefaultClusterTx(sql, defaults.defaultRegion);
    await declareParticipantsTx(sql, defaults.participants);
    if (defaults.bootstrapKeyHash) await insertFirstAdminKeyTx(sql, defaults.bootstrapKeyHash);
    await client.query('COMMIT');
  } finally {
    // An open transaction ends with its connection.
    await client.end();
  }
}
