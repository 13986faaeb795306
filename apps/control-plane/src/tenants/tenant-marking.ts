import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import type { Tx } from '../database/unit-of-work.js';
import { WakeStore } from '../reconciling/wake.store.js';
import type { LifecycleEvent } from './lifecycle-event.js';
import type { Tenant } from './tenant.entity.js';
import { TenantStore } from './tenant.store.js';
import { toTenantView, type TenantView } from './tenant.view.js';

/** What an operator noted on a tenant, beside its lifecycle. */
export interface Marking {
  readonly caller: Caller;
  /** For the audit, e.g. `tenant.pause`. */
  readonly action: string;
  readonly reason: string | null;
  readonly before: Record<string, unknown>;
  readonly after: Record<string, unknown>;
  readonly events?: readonly LifecycleEvent[];
  /** What of it cannot be undone, in words. */
  readonly irreversible?: string | undefined;
}

/** Saves a locked tenant that an operator marked, audits it, and has the reconciler look at what it may do now. */
@Injectable()
export class TenantMarking {
  constructor(
    private readonly tenants: TenantStore,
    private readonly audit: AuditLog,
    private readonly wakes: WakeStore,
  ) {}

  async saveTx(tx: Tx, tenant: Tenant, marking: Marking): Promise<TenantView> {
    const { events = [], ...record } = marking;
    await this.tenants.saveTx(tx, tenant, events, { traceparent: record.caller.traceparent });
    await this.audit.recordTx(tx, { ...record, tenantId: tenant.id, resource: `tenants/${tenant.id}` });
    await this.wakes.wakeTx(tx, tenant.id);
    return toTenantView(tenant);
  }
}
