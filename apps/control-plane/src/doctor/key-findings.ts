import type { SqlExecutor } from '@tenantry/database';
import { ConfigError } from '@tenantry/service';
import type { SigningKey } from '../signing/signing-key.js';
import { SigningKeyStore } from '../signing/signing-key.store.js';
import { usedKey } from '../signing/used-key.js';
import { findingsOf, type Finding } from './finding.js';

const { ok, warn, fail, untold } = findingsOf('keys');

/** A checkpoint is late when something waits for it this many intervals. */
const LATE_INTERVALS = 5;

/** Who can administer. */
export async function adminKeyFindings(sql: SqlExecutor): Promise<readonly Finding[]> {
  const keys = await sql.query<{ id: string; bootstrap: boolean; lasting: boolean }>(
    `SELECT id, name = 'bootstrap' AND created_by = 'system:migrate' AS bootstrap, expires_at IS NULL AS lasting FROM tenantry.api_key
     WHERE role = 'admin' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > tenantry.now()) ORDER BY id`,
  );
  if (keys.length === 0)
    return [
      fail(
        'admin',
        'no admin key works',
        'run main.migrate with BOOTSTRAP_ADMIN_KEY_HASH, the SHA-256 of a new key',
      ),
    ];
  const bootstrap = keys.find((key) => key.bootstrap);
  return [
    keys.some(({ lasting }) => lasting)
      ? ok('admin', `${keys.length} admin ${keys.length === 1 ? 'key works' : 'keys work'}`)
      : warn('admin', 'every admin key expires', 'make one that does not, by POST /v1/api-keys'),
    bootstrap
      ? warn(
          'bootstrap',
          'the first admin key still works, which was in somebody’s configuration',
          `make a key of your own by POST /v1/api-keys {"role": "admin"}, then DELETE /v1/api-keys/${bootstrap.id}`,
        )
      : ok('bootstrap', 'the first admin key was revoked'),
  ];
}

/** What this process would sign with, and whether its public half is published. @param readKey undefined where none is configured. */
export async function signingKeyFinding(
  sql: SqlExecutor,
  readKey: (() => Promise<SigningKey>) | undefined,
): Promise<Finding> {
  const published = await sql.query<{ kid: string }>('SELECT kid FROM tenantry.signing_key');
  if (!readKey) return untold('signing', 'SIGNING_KEY is not set here; every worker needs it');
  try {
    const { kid } = await readKey();
    if (published.some((key) => key.kid === kid)) return ok('signing', `${kid}, published`);
    return ok('signing', `${kid}, not used yet: it is published with its first signature`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return fail(
      'signing',
      error.problems.join('; '),
      'give every worker an Ed25519 private key that its user alone can read, as the message says',
    );
  }
}

/** What `/.well-known/jwks.json` tells, and whether somebody has put a key there that never signed anything. */
export async function publishedKeysFinding(sql: SqlExecutor): Promise<Finding> {
  const claimed = await new SigningKeyStore().claimed(sql);
  const used = await Promise.all(claimed.map(usedKey));
  const strange = claimed.filter((_key, place) => used[place] === undefined);
  if (strange.length > 0)
    return fail(
      'jwks',
      `nothing was signed with ${strange.map(({ kid }) => kid).join(', ')}, which somebody has put into tenantry.signing_key; it is not shown`,
      'find out who writes with the login of DATABASE_URL, and change its password; the row stays, and is not shown',
    );
  return ok('jwks', `${claimed.length} ${claimed.length === 1 ? 'key' : 'keys'} in /.well-known/jwks.json`);
}

/** Whether the audit log is being signed. @param intervalMs how often a checkpoint is made while something waits. */
export async function checkpointFinding(sql: SqlExecutor, intervalMs: number): Promise<Finding> {
  const [row] = await sql.query<{ waitingSeconds: number | null; count: number }>(
    `SELECT count(*)::int AS count, extract(epoch FROM tenantry.now() - min(e.at))::float8 AS "waitingSeconds"
     FROM tenantry.audit_entry e WHERE e.at > coalesce((SELECT max(created_at) FROM tenantry.audit_checkpoint), '-infinity')`,
  );
  const waiting = row?.waitingSeconds ?? 0;
  if (waiting * 1000 <= Math.max(intervalMs, 1_000) * LATE_INTERVALS)
    return ok('checkpoints', 'the audit log is signed');
  return fail(
    'checkpoints',
    `${row!.count} audit entries wait for a signature, the oldest for ${Math.round(waiting)} s`,
    'start a worker with SIGNING_KEY; if one runs, look for "could not sign a checkpoint" in its log',
  );
}
