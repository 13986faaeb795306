import type { IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { lockTenant } from './locked-tenant.js';
import { TenantPurged } from './tenant.errors.js';
import { TenantStore } from './tenant.store.js';
import { toTenantView, type TenantView } from './tenant.view.js';

/** Only what is given changes; `labels` replaces all labels. */
export interface TenantChanges {
  readonly name?: string | undefined;
  readonly plan?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Changes what a tenant is called, its plan or its labels; nothing of its lifecycle. */
export class UpdateTenant extends Command<TenantView> {
  constructor(
    readonly tenantId: string,
    readonly changes: TenantChanges,
    readonly ifMatch: IfMatch,
    readonly caller: Caller,
  ) {
    super();
  }
}

const CHANGEABLE = ['name', 'plan', 'labels'] as const;

@CommandHandler(UpdateTenant)
export class UpdateTenantHandler implements ICommandHandler<UpdateTenant> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly audit: AuditLog,
  ) {}

  execute({ tenantId, changes, ifMatch, caller }: UpdateTenant): Promise<TenantView> {
    return this.unitOfWork.run(async (tx) => {
      const tenant = await lockTenant(tx, this.tenants, tenantId, ifMatch);
      if (tenant.desired === 'purged') throw new TenantPurged(tenant.state);
      const changed = CHANGEABLE.filter(
        (field) => changes[field] !== undefined && !same(changes[field], tenant[field]),
      );
      if (changed.length === 0) return toTenantView(tenant);
      const before = pick(tenant, changed);
      Object.assign(tenant, pick(changes, changed));
      const data = { version: tenant.version + 1, plan: tenant.plan, changed: [...changed] };
      await this.tenants.saveTx(tx, tenant, [{ type: 'tenant.updated.v1', data }], {
        traceparent: caller.traceparent,
      });
      await this.audit.recordTx(tx, {
        caller,
        tenantId,
        action: 'tenant.update',
        resource: `tenants/${tenantId}`,
        before,
        after: pick(tenant, changed),
      });
      return toTenantView(tenant);
    });
  }
}

function pick(from: object, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([field]) => fields.includes(field)));
}

function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return JSON.stringify(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)));
}
