import { CAPABILITIES, type Capability } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import { recordSystemAuditTx } from '../audit/system-audit.js';
import { DEFAULT_ACK_TIMEOUT_MS } from './ack-timeout.js';
import { capabilitiesProblem, storesProblem } from './capability-rules.js';
import type { ParticipantEntry } from './participant-entry.js';
import { hasBacklog, recallTx, startBacklogTx } from './participant-walks.js';

/** What came of a configuration's participants. */
export interface Declared {
  /** The names that are new. */
  readonly added: readonly string[];
  /** In words: where the configuration says one thing and something else holds. */
  readonly warnings: readonly string[];
}

interface Row {
  readonly required: boolean;
  readonly capabilities: Capability[];
  readonly stores: string[];
  readonly declared_by: 'configuration' | 'operator' | 'heartbeat';
  readonly retired: boolean;
}

/**
 * Declares the participants that the configuration names; to be run in a transaction. One that is new is inserted. Of one that
 * an earlier configuration or a heartbeat declared, `required` becomes as configured, and capabilities and stores are added, never taken
 * away. What an operator declared, or retired, stays as it is; the difference is among the warnings. In the order of the names,
 * in which tenants meet participants too.
 */
export async function declareParticipantsTx(
  sql: SqlExecutor,
  entries: readonly ParticipantEntry[],
): Promise<Declared> {
  const added: string[] = [];
  const warnings: string[] = [];
  for (const entry of entries.toSorted(byName)) {
    if (await insertTx(sql, entry)) {
      added.push(entry.name);
      continue;
    }
    const [row] = await sql.query<Row>(
      `SELECT required, capabilities, stores, declared_by, retired_at IS NOT NULL AS retired
       FROM tenantry.participant WHERE name = $1 FOR NO KEY UPDATE`,
      [entry.name],
    );
    if (!row) throw new Error('a participant vanished');
    const held = mayChange(row) ? await followTx(sql, entry, row) : row;
    warnings.push(...differences(entry, row, held));
  }
  return { added, warnings };
}

function byName(one: ParticipantEntry, other: ParticipantEntry): number {
  return one.name < other.name ? -1 : 1;
}

async function insertTx(sql: SqlExecutor, entry: ParticipantEntry): Promise<boolean> {
  const { name, required, capabilities, stores } = entry;
  const inserted = await sql.query(
    `INSERT INTO tenantry.participant (name, required, capabilities, stores, ack_timeout_ms, declared_by, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, 'configuration', tenantry.now(), tenantry.now()) ON CONFLICT (name) DO NOTHING RETURNING name`,
    [name, required, capabilities, stores, DEFAULT_ACK_TIMEOUT_MS],
  );
  if (inserted.length === 0) return false;
  if (hasBacklog(capabilities)) await startBacklogTx(sql, name);
  await recordSystemAuditTx(sql, {
    actor: 'system:configuration',
    action: 'participant.create',
    resource: `participants/${name}`,
    after: { required, capabilities, stores, ackTimeoutMs: DEFAULT_ACK_TIMEOUT_MS },
  });
  return true;
}

function mayChange({ declared_by: declaredBy, retired }: Row): boolean {
  return declaredBy !== 'operator' && !retired;
}

/** Brings a row to what is configured, as far as that adds. @returns what holds then. */
async function followTx(sql: SqlExecutor, entry: ParticipantEntry, row: Row): Promise<Row> {
  const capabilities = CAPABILITIES.filter(
    (one) => row.capabilities.includes(one) || entry.capabilities.includes(one),
  );
  const stores = [...new Set([...row.stores, ...entry.stores])];
  // Such as verify for one that provisions: that can't be added up, and is left to an operator.
  const addable = !(capabilitiesProblem(capabilities) ?? storesProblem(capabilities, stores));
  const held = addable
    ? { ...row, required: entry.required, capabilities, stores }
    : { ...row, required: entry.required };
  const grown = held.capabilities.length > row.capabilities.length || held.stores.length > row.stores.length;
  const changed = grown || held.required !== row.required;
  await sql.query(
    `UPDATE tenantry.participant SET declared_by = 'configuration', required = $2, capabilities = $3, stores = $4,
       version = version + CASE WHEN $5 THEN 1 ELSE 0 END, updated_at = CASE WHEN $5 THEN tenantry.now() ELSE updated_at END
     WHERE name = $1`,
    [entry.name, held.required, held.capabilities, held.stores, changed],
  );
  if (!changed) return held;
  if (grown && hasBacklog(held.capabilities)) await startBacklogTx(sql, entry.name);
  await recallTx(sql, entry.name);
  await recordSystemAuditTx(sql, {
    actor: 'system:configuration',
    action: 'participant.replace',
    resource: `participants/${entry.name}`,
    before: declarationOf(row),
    after: declarationOf(held),
  });
  return held;
}

function declarationOf({ required, capabilities, stores }: Row): Record<string, unknown> {
  return { required, capabilities, stores };
}

function differences(entry: ParticipantEntry, found: Row, held: Row): string[] {
  if (found.retired) return [`participant ${entry.name} is configured, but retired: it stays retired`];
  const byOperator = found.declared_by === 'operator';
  const why = byOperator ? 'an operator declared it' : 'a configuration takes nothing away';
  const both: [string, string, string][] = [
    ['required', String(entry.required), String(held.required)],
    ['capabilities', inWords(entry.capabilities), inWords(held.capabilities)],
    ['stores', inWords(entry.stores), inWords(held.stores)],
  ];
  return both
    .filter(([, configured, holds]) => configured !== holds)
    .map(
      ([what, configured, holds]) =>
        `participant ${entry.name} is configured with ${what} ${configured}; ${holds} holds, since ${why}`,
    );
}

function inWords(items: readonly string[]): string {
  return [...items].sort().join('+') || 'none';
}
