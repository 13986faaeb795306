import { newId } from '@tenantry/kernel';
import type { SqlExecutor } from '@tenantry/database';
import type { SupportGrant } from './support-grant.js';

const STATEMENT_MAX = 4000;

/** One thing that support is about to do. */
export interface SupportAction {
  readonly id: string;
  readonly grant: SupportGrant;
  readonly tenantId: string;
  /** The statement's text, without its values. */
  readonly statement: string;
}

/** An action that is still to be recorded. */
export function supportAction(grant: SupportGrant, tenantId: string, statement: string): SupportAction {
  return { id: newId(), grant, tenantId, statement };
}

/**
 * Records the action, committed when this resolves; the message to the control plane is of the same transaction. To be called on a
 * connection that is in no transaction. Doing it again changes nothing.
 *
 * @throws the database's error when it cannot be recorded: nothing may be done then.
 */
export async function recordAction(
  sql: SqlExecutor,
  { id, grant, tenantId, statement }: SupportAction,
): Promise<void> {
  await sql.query('SELECT tenantry.record_support_action($1, $2, $3, $4, $5, $6, $7, $8)', [
    id,
    grant.id,
    tenantId,
    grant.actor,
    grant.reason,
    grant.readOnly ? 'read' : 'write',
    statement.replaceAll('\0', '').slice(0, STATEMENT_MAX).toWellFormed(),
    grant.expiresAt,
  ]);
}
