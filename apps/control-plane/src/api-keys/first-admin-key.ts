import type { SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { isApiKeyHash } from '@tenantry/service';
import { recordSystemAuditTx } from '../audit/system-audit.js';

/**
 * Makes the key with this hash (SHA-256, hex) the first admin key, named `bootstrap`, when there is no key at all; to be
 * run in a transaction.
 * @returns whether it was inserted. @throws RangeError when the text is no such hash.
 */
export async function insertFirstAdminKeyTx(sql: SqlExecutor, hashHex: string): Promise<boolean> {
  if (!isApiKeyHash(hashHex)) throw new RangeError('the hash of the first admin key is not 64 hex digits');
  // Two migrations at once must not make two first keys; readers are not held up.
  await sql.query('LOCK TABLE tenantry.api_key IN SHARE ROW EXCLUSIVE MODE');
  const id = newId();
  const inserted = await sql.query(
    `INSERT INTO tenantry.api_key (id, name, role, key_hash, created_by, created_at)
     SELECT $1, 'bootstrap', 'admin', decode($2, 'hex'), 'system:migrate', tenantry.now()
     WHERE NOT EXISTS (SELECT FROM tenantry.api_key) RETURNING id`,
    [id, hashHex],
  );
  if (inserted.length === 0) return false;
  await recordSystemAuditTx(sql, {
    actor: 'system:migrate',
    action: 'api_key.create',
    resource: `api-keys/${id}`,
    after: { name: 'bootstrap', role: 'admin', expiresAt: null },
  });
  return true;
}
