import type { SqlExecutor } from '@tenantry/database';
import { Injectable } from '@nestjs/common';
import type { SigningKey } from './signing-key.js';

interface HasSql {
  readonly sql: SqlExecutor;
}

/** A row of the table of keys, with what would show that somebody signed with it. */
export interface ClaimedKey {
  readonly kid: string;
  readonly jwk: unknown;
  /** A checkpoint, as a signed note. */
  readonly note: string | null;
  /** A certificate, as a compact JWS. */
  readonly jws: string | null;
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

  /** All of them, oldest first, each with the first of what it is said to have signed. Nothing of it is believed here. */
  claimed(sql: SqlExecutor): Promise<ClaimedKey[]> {
    return sql.query<ClaimedKey>(
      `SELECT k.kid, k.jwk,
         (SELECT c.note FROM tenantry.audit_checkpoint c WHERE c.kid = k.kid ORDER BY c.tree_size LIMIT 1) AS note,
         (SELECT d.jws FROM tenantry.deletion_certificate d WHERE d.kid = k.kid ORDER BY d.issued_at LIMIT 1) AS jws
       FROM tenantry.signing_key k ORDER BY k.first_used_at, k.kid`,
    );
  }
}
