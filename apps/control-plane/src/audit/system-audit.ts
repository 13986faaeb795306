import type { SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';

export interface SystemAuditRecord {
  /** `system:<part>`. */
  readonly actor: string;
  readonly action: string;
  readonly resource: string;
  readonly before?: Record<string, unknown>;
  readonly after: Record<string, unknown>;
}

/** As AuditLog, for what is done at migration or boot, where there is plain SQL only. */
export async function recordSystemAuditTx(sql: SqlExecutor, record: SystemAuditRecord): Promise<void> {
  await sql.query(
    `INSERT INTO tenantry.audit_entry (id, at, actor, action, resource, before, after)
     VALUES ($1, tenantry.now(), $2, $3, $4, $5::jsonb, $6::jsonb)`,
    [
      newId(),
      record.actor,
      record.action,
      record.resource,
      record.before ? JSON.stringify(record.before) : null,
      JSON.stringify(record.after),
    ],
  );
}
