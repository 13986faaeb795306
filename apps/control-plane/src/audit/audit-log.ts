import { newId } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { AuditEntry } from './audit-entry.entity.js';
import { AuditUnavailable } from './audit.errors.js';
import type { Caller } from './caller.js';

export interface AuditRecord {
  readonly caller: Caller;
  readonly tenantId?: string;
  /** Noun and verb, e.g. `tenant.suspend`. */
  readonly action: string;
  /** What it was done to, e.g. `tenants/<id>`. */
  readonly resource: string;
  readonly reason?: string | null;
  /** What changed, before and after; never a secret. */
  readonly before?: Record<string, unknown>;
  readonly after?: Record<string, unknown>;
  /** What of it cannot be undone, in words for an operator who is about to do it; not part of the entry. */
  readonly irreversible?: string | undefined;
}

/** Writes the audit entry of a mutation in the mutation's own transaction: no entry, no mutation. */
@Injectable()
export class AuditLog {
  /** @throws AuditUnavailable when the database refuses the entry; the caller's transaction can then only be rolled back. */
  async recordTx(tx: Tx, record: AuditRecord): Promise<void> {
    const entry = new AuditEntry();
    entry.id = newId();
    entry.at = tx.now;
    entry.actor = record.caller.actor;
    entry.tenantId = record.tenantId ?? null;
    entry.action = record.action;
    entry.resource = record.resource;
    entry.reason = record.reason ?? null;
    entry.before = record.before ?? null;
    entry.after = record.after ?? null;
    entry.requestId = record.caller.requestId ?? null;
    entry.traceId = record.caller.traceparent?.split('-')[1] ?? null;
    try {
      await tx.manager.insert(AuditEntry, entry);
    } catch (error) {
      throw isRefusal(error) ? new AuditUnavailable(error) : error;
    }
    noteForDryRun(tx, record, entry);
  }
}

/** SQLSTATE classes of a connection that was lost, of transactions that met, and of an operator's intervention: no fault of the log. */
const ELSEWHERE = /^(08|40|57)/;

/** Whether the database would not have the entry, as opposed to not having answered at all. */
function isRefusal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // Node's own codes begin with E (EPIPE looks like an SQLSTATE); none of Postgres does.
  return typeof code === 'string' && /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code) && !ELSEWHERE.test(code);
}

/** What a dry run shows is exactly what would have been recorded. */
function noteForDryRun({ dryRun }: Tx, { irreversible }: AuditRecord, entry: AuditEntry): void {
  if (!dryRun) return;
  const { action, resource, tenantId, before, after } = entry;
  dryRun.change({ action, resource, tenantId, before, after });
  if (irreversible !== undefined) dryRun.irreversible(irreversible);
}
