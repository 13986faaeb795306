import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { ApiKey } from './api-key.entity.js';

@Injectable()
export class ApiKeyStore {
  async insertTx(tx: Tx, key: ApiKey): Promise<void> {
    await tx.manager.insert(ApiKey, key);
  }

  findTx(tx: Tx, id: string): Promise<ApiKey | null> {
    return tx.manager.findOneBy(ApiKey, { id });
  }

  /**
   * The ids of all admin keys that work until they are revoked, locked: of two revocations at a time, the second sees what
   * the first left. A key that expires is none of them, since nothing would stop its end.
   */
  async lockLastingAdminsTx(tx: Tx): Promise<string[]> {
    const rows = await tx.sql.query<{ id: string }>(
      `SELECT id FROM tenantry.api_key
       WHERE role = 'admin' AND revoked_at IS NULL AND expires_at IS NULL ORDER BY id FOR UPDATE`,
    );
    return rows.map((row) => row.id);
  }

  async revokeTx(tx: Tx, id: string): Promise<void> {
    await tx.manager.update(ApiKey, { id }, { revokedAt: tx.now });
  }
}
