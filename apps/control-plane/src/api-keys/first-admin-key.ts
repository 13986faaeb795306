import type { SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { isApiKeyHash } from '@tenantry/service';
import { recordSystemAuditTx } from '../audit/system-audit.js';

const LIVE_ADMIN = `SELECT FROM tenantry.api_key
  WHERE role = 'admin' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > tenantry.now())`;

/** Nobody administers, and the configured key cannot begin either. */
export class FirstAdminKeyUsed extends Error {
  constructor() {
    super(
      'There is no live admin key, and the one of BOOTSTRAP_ADMIN_KEY_HASH was used before. Configure the hash of a new key.',
    );
    this.name = 'FirstAdminKeyUsed';
  }
}

/**
 * Makes the key with this hash (SHA-256, hex) an admin key, named `bootstrap`, when there is none that is neither revoked
 * nor expired; to be run in a transaction.
 * @returns whether it was inserted. @throws RangeError when the text is no such hash; FirstAdminKeyUsed when it would be
 * needed but is of a key that there is or was: what was revoked does not come back.
 */
export async function insertFirstAdminKeyTx(sql: SqlExecutor, hashHex: string): Promise<boolean> {
  if (!isApiKeyHash(hashHex)) throw new RangeError('the hash of the first admin key is not 64 hex digits');
  // Two migrations at once must not make two first keys; readers are not held up.
  await sql.query('LOCK TABLE tenantry.api_key IN SHARE ROW EXCLUSIVE MODE');
  const id = newId();
  const inserted = await sql.query(
    `INSERT INTO tenantry.api_key (id, name, role, key_hash, created_by, created_at)
     SELECT $1, 'bootstrap', 'admin', decode($2, 'hex'), 'system:migrate', tenantry.now()
     WHERE NOT EXISTS (${LIVE_ADMIN})
     ON CONFLICT (key_hash) DO NOTHING RETURNING id`,
    [id, hashHex],
  );
  if (inserted.length === 0) {
    if ((await sql.query(LIVE_ADMIN)).length === 0) throw new FirstAdminKeyUsed();
    return false;
  }
  await recordSystemAuditTx(sql, {
    actor: 'system:migrate',
    action: 'api_key.create',
    resource: `api-keys/${id}`,
    after: { name: 'bootstrap', role: 'admin', expiresAt: null },
  });
  return true;
}
