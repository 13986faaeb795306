import type { SqlExecutor } from '@tenantry/database';
import type { ContextSigning } from '../signing/context-signing.js';
import { SigningRefused } from '../signing/context-signing.js';
import type { SigningKey } from '../signing/signing-key.js';

const OVERLAP_MS = 3_600_000;

/**
 * Brings the keys that tokens are taken of to what the installation names, as the owner of their table. One that it names
 * no more is taken for a while longer, since processes that sign with it may still be running, and is then deleted by the
 * next installation.
 *
 * @throws SigningRefused when two different keys have the same number, which one pair in two thousand million does.
 */
export async function installKeys(sql: SqlExecutor, signing: ContextSigning): Promise<void> {
  const { keys, overlapMs } =
    signing.marker === 'off'
      ? { keys: [], overlapMs: OVERLAP_MS }
      : { keys: signing.keys, overlapMs: signing.overlapMs ?? OVERLAP_MS };
  await sql.query('DELETE FROM tenantry.context_key WHERE retired_at <= now()');
  await sql.query(
    `UPDATE tenantry.context_key SET retired_at = least(retired_at, now() + $2 * interval '1 millisecond')
     WHERE key_id <> ALL ($1)`,
    [keys.map(({ id }) => id), overlapMs],
  );
  for (const key of keys) await installKey(sql, key);
}

async function installKey(sql: SqlExecutor, { id, pads }: SigningKey): Promise<void> {
  const same = await sql.query(
    `INSERT INTO tenantry.context_key AS held (key_id, inner_pad, outer_pad) VALUES ($1, $2, $3)
     ON CONFLICT ON CONSTRAINT context_key_pkey DO UPDATE SET retired_at = NULL
       WHERE held.inner_pad = excluded.inner_pad AND held.outer_pad = excluded.outer_pad
     RETURNING key_id`,
    [id, pads.inner, pads.outer],
  );
  if (same.length === 0)
    throw new SigningRefused(`Another key has the number ${id} already; make a new one.`);
}
