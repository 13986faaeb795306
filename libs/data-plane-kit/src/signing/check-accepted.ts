import type { SqlExecutor } from '@tenantry/database';
import type { ContextSigner } from './context-signer.js';

/**
 * Asks a database that tenants share whether it will take what this service shows it.
 *
 * @param signer undefined for a service that does not sign.
 * @throws Error saying what the installation and this process disagree about.
 */
export async function checkAccepted(sql: SqlExecutor, signer: ContextSigner | undefined): Promise<void> {
  const [answer] = await sql.query<{ accepted: boolean }>(
    'SELECT tenantry.context_accepted($1) AS accepted',
    [signer?.keyId ?? null],
  );
  if (answer!.accepted) return;
  throw new Error(
    signer
      ? 'The database does not know the key that this service signs with; run the migration with this key.'
      : 'The database takes signed calls only, and this service does not sign; set CONTEXT_SIGNING and its key.',
  );
}
