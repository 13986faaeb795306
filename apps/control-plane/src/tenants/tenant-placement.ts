import type { Isolation } from '@tenantry/contracts';
import { InvalidRequest } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { ClusterAllocator, type Allocation, type NowhereToGo } from '../clusters/cluster-allocator.js';
import { ClusterStore } from '../clusters/cluster.store.js';
import type { Tx } from '../database/unit-of-work.js';
import { PlanRuleStore } from '../plans/plan-rule.store.js';
import type { Tenant } from './tenant.entity.js';

/** What is asked for of a new tenant's place. */
export interface WantedPlace {
  readonly plan: string;
  /** The only region there is, when none is given. */
  readonly region: string | undefined;
  /** The first that the plan's rule has, or `pooled`, when none is given. */
  readonly isolation: Isolation | undefined;
}

/** Where a tenant belongs, and the cluster that it is given there. ADR 0025. */
@Injectable()
export class TenantPlacement {
  constructor(
    private readonly clusters: ClusterStore,
    private readonly plans: PlanRuleStore,
    private readonly allocator: ClusterAllocator,
  ) {}

  /** Region and model of a new tenant. @throws InvalidRequest for what is not there, or not in its plan. */
  async settleTx(tx: Tx, wanted: WantedPlace): Promise<{ region: string; isolation: Isolation }> {
    const region = regionOf(wanted.region, await this.clusters.regionsTx(tx));
    return { region, isolation: isolationOf(wanted, await this.plans.findTx(tx, wanted.plan)) };
  }

  /** Gives the tenant a cluster that its plan's rule allows. */
  async allocateTx(tx: Tx, tenant: Tenant): Promise<Allocation | NowhereToGo> {
    const rule = await this.plans.findTx(tx, tenant.plan);
    return this.allocator.allocateTx(tx, tenant, rule?.clusterLabels ?? {});
  }

  /** The cluster that it was given when it was created; a tenant from before that is given one now, if one can take it. */
  async clusterTx(tx: Tx, tenant: Tenant): Promise<string | undefined> {
    return (await this.allocator.ofTenantTx(tx, tenant.id)) ?? (await this.allocateTx(tx, tenant)).cluster;
  }

  /** Counts a tenant where its routes are, unless it is counted: a process of an older version places without counting. */
  adoptTx(tx: Tx, tenant: Tenant, cluster: string): Promise<void> {
    return this.allocator.adoptTx(tx, tenant.id, cluster, tenant.isolation);
  }

  /** Gives a purged tenant's place back; again is no error. */
  releaseTx(tx: Tx, tenant: Tenant): Promise<void> {
    return this.allocator.releaseTx(tx, tenant.id);
  }
}

function regionOf(wanted: string | undefined, known: readonly string[]): string {
  if (wanted !== undefined && known.includes(wanted)) return wanted;
  const only = known.length === 1 ? known[0] : undefined;
  if (wanted === undefined && only !== undefined) return only;
  const detail =
    wanted === undefined
      ? 'is required: there is more than one region, or none'
      : 'is not a region that a cluster is in';
  throw new InvalidRequest([
    { in: 'body', pointer: '/region', detail: `${detail}; known: ${known.join(', ') || 'none'}` },
  ]);
}

function isolationOf(
  { plan, isolation: asked }: WantedPlace,
  rule: { readonly isolations: readonly Isolation[] } | null,
): Isolation {
  const isolation = asked ?? rule?.isolations[0] ?? 'pooled';
  if (!rule || rule.isolations.includes(isolation)) return isolation;
  const detail = `the plan "${plan}" allows ${rule.isolations.join(', ')} (see GET /v1/plans/${plan})`;
  throw new InvalidRequest([{ in: 'body', pointer: '/isolation', detail }]);
}
