import type { SqlExecutor } from '@tenantry/database';
import { isParticipantName, type Capability } from '@tenantry/contracts';
import { recordSystemAuditTx } from '../audit/system-audit.js';
import { DEFAULT_ACK_TIMEOUT_MS } from './ack-timeout.js';

const CAPABILITIES: readonly Capability[] = ['provision', 'suspend', 'reactivate', 'purge'];
const STORES = ['primary'];

/**
 * Declares the participants that the configuration names, as required ones with the four capabilities and the store
 * `primary`; to be run in a transaction. A participant that is there already stays as it is.
 * @returns the names that are new. @throws RangeError when a name is not a participant's.
 */
export async function declareParticipantsTx(sql: SqlExecutor, names: readonly string[]): Promise<string[]> {
  const added: string[] = [];
  for (const name of names) {
    if (!isParticipantName(name)) throw new RangeError(`"${name}" cannot be the name of a participant`);
    const inserted = await sql.query(
      `INSERT INTO tenantry.participant (name, required, capabilities, stores, ack_timeout_ms, created_at, updated_at)
       VALUES ($1, true, $2, $3, $4, tenantry.now(), tenantry.now()) ON CONFLICT (name) DO NOTHING RETURNING name`,
      [name, CAPABILITIES, STORES, DEFAULT_ACK_TIMEOUT_MS],
    );
    if (inserted.length === 0) continue;
    added.push(name);
    await recordSystemAuditTx(sql, {
      actor: 'system:configuration',
      action: 'participant.create',
      resource: `participants/${name}`,
      after: {
        required: true,
        capabilities: CAPABILITIES,
        stores: STORES,
        ackTimeoutMs: DEFAULT_ACK_TIMEOUT_MS,
      },
    });
  }
  return added;
}
