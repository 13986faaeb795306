import type { Isolation, TenantState } from '@tenantry/contracts';
import type { Condition } from './condition.js';
import type { Tenant } from './tenant.entity.js';

/** A tenant as the API shows it: plain JSON, times as RFC 3339 UTC. */
export interface TenantView {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly plan: string;
  readonly region: string;
  readonly isolation: Isolation;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: TenantState;
  readonly conditions: readonly Condition[];
  readonly generation: number;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly purgedAt: string | null;
  /** Present while a deletion is scheduled. */
  readonly deletion?: DeletionView;
  /** Since when it is in this state. */
  readonly stateSince: string;
  /** Present while automation is paused. */
  readonly paused?: OperatorMark;
  /** Present while a legal hold keeps it from being purged. */
  readonly legalHold?: OperatorMark;
}

/** What an operator placed on a tenant, by whom and why. */
export interface OperatorMark {
  readonly at: string;
  readonly by: string;
  readonly reason: string | null;
}

export interface DeletionView {
  readonly requestedAt: string;
  /** The purge begins at this time at the earliest, and not before everyone has closed the tenant. */
  readonly purgeAfter: string;
}

export function toTenantView(tenant: Tenant): TenantView {
  const deletion = toDeletionView(tenant);
  const paused = toMark(tenant.pausedAt, tenant.pausedBy, tenant.pauseReason);
  const legalHold = toMark(tenant.holdPlacedAt, tenant.holdPlacedBy, tenant.holdReason);
  return {
    id: tenant.id,
    slug: tenant.slug,
    name: tenant.name,
    plan: tenant.plan,
    region: tenant.region,
    isolation: tenant.isolation,
    labels: tenant.labels,
    state: tenant.state,
    conditions: tenant.conditions,
    generation: tenant.generation,
    version: tenant.version,
    createdAt: tenant.createdAt.toISOString(),
    updatedAt: tenant.updatedAt.toISOString(),
    purgedAt: tenant.purgedAt?.toISOString() ?? null,
    stateSince: (tenant.stateSince ?? tenant.updatedAt).toISOString(),
    ...(deletion && { deletion }),
    ...(paused && { paused }),
    ...(legalHold && { legalHold }),
  };
}

export function toDeletionView(tenant: Tenant): DeletionView | undefined {
  if (!tenant.purgeAfter || !tenant.deletionRequestedAt) return undefined;
  return {
    requestedAt: tenant.deletionRequestedAt.toISOString(),
    purgeAfter: tenant.purgeAfter.toISOString(),
  };
}

function toMark(at: Date | null, by: string | null, reason: string | null): OperatorMark | undefined {
  return at && by ? { at: at.toISOString(), by, reason } : undefined;
}
