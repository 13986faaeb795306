import { pgExecutor } from '@tenantry/database';
import { Client } from 'pg';
import { insertFirstAdminKeyTx } from '../api-keys/first-admin-key.js';
import { declareDefaultClusterTx } from '../clusters/declare-default-cluster.js';
import { recountClusters } from '../clusters/recount-clusters.js';
import { declareParticipantsTx } from '../participants/declare-participants.js';
import type { ParticipantEntry } from '../participants/participant-entry.js';

/** What an installation begins with. What is there already stays, except that participants may be given more to do. */
export interface InstallationDefaults {
  readonly adminUrl: string;
  readonly defaultRegion: string;
  readonly participants: readonly ParticipantEntry[];
  /** SHA-256, hex, of the first admin key; inserted only while no admin key is live. */
  readonly bootstrapKeyHash?: string | undefined;
}

/**
 * Declares the first cluster, the configured participants and the first admin key, in one transaction. Then counts the tenants of each
 * cluster anew, where an older version has not.
 * @returns in words, where something else holds than is configured.
 */
export async function declareInstallation(defaults: InstallationDefaults): Promise<readonly string[]> {
  const client = new Client({ connectionString: defaults.adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const sql = pgExecutor(client);
    await client.query('BEGIN');
    await declareDefaultClusterTx(sql, defaults.defaultRegion);
    const { warnings } = await declareParticipantsTx(sql, defaults.participants);
    if (defaults.bootstrapKeyHash) await insertFirstAdminKeyTx(sql, defaults.bootstrapKeyHash);
    await client.query('COMMIT');
    await recountClusters(sql);
    return warnings;
  } finally {
    // An open transaction ends with its connection.
    await client.end();
  }
}
