import { newId } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { AuditEntry } from './audit-entry.entity.js';
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
    await tx.manager.insert(AuditEntry, entry);
    noteForDryRun(tx, record, entry);
  }
}

/** What a dry run shows is exactly what would have been recorded. */
function noteForDryRun({ dryRun }: Tx, { irreversible }: AuditRecord, entry: AuditEntry): void {
  if (!dryRun) return;
  const { action, resource, tenantId, before, after } = entry;
  dryRun.change({ action, resource, tenantId, before, after });
  if (irreversible !== undefined) dryRun.irreversible(irreversible);
}
