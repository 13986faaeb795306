import type { SqlExecutor } from '@tenantry/database';
import { Injectable } from '@nestjs/common';
import type { PublicJwk, SigningKey } from './signing-key.js';

interface HasSql {
  readonly sql: SqlExecutor;
}

/** The public halves of every key that anything was signed with. */
@Injectable()
export class SigningKeyStore {
  /** Publishes a key in the transaction that stores its first signature. */
  async publishTx({ sql }: HasSql, { jwk }: SigningKey): Promise<void> {
    await sql.query(
      `INSERT INTO tenantry.signing_key (kid, jwk, first_used_at) VALUES ($1, $2::jsonb, tenantry.now())
       ON CONFLICT (kid) DO NOTHING`,
      [jwk.kid, JSON.stringify(jwk)],
    );
  }

  /** All of them, oldest first. */
  async published(sql: SqlExecutor): Promise<PublicJwk[]> {
    const rows = await sql.query<{ jwk: PublicJwk }>(
      'SELECT jwk FROM tenantry.signing_key ORDER BY first_used_at, kid',
    );
    return rows.map(({ jwk }) => jwk);
  }
}
