import type { Isolation } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { InvalidRequest } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { NoClusterAvailable } from '../clusters/cluster.errors.js';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import { OperationStore } from '../operations/operation.store.js';
import { ParticipantStore } from '../participants/participant.store.js';
import { WakeStore } from '../reconciling/wake.store.js';
import { accepted, type Accepted } from './accepted.js';
import { slugProblem } from './slug.js';
import { Tenant } from './tenant.entity.js';
import { TenantStore } from './tenant.store.js';
import { TenantPlacement, type WantedPlace } from './tenant-placement.js';

export interface NewTenant extends WantedPlace {
  readonly slug: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Records a tenant that should be active and gives it its cluster; its routes, and provisioning it, are the reconciler's.
 * @throws InvalidRequest, SlugTaken, NoClusterAvailable
 */
export class CreateTenant extends Command<Accepted> {
  constructor(
    readonly tenant: NewTenant,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(CreateTenant)
export class CreateTenantHandler implements ICommandHandler<CreateTenant> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly operations: OperationStore,
    private readonly participants: ParticipantStore,
    private readonly placement: TenantPlacement,
    private readonly audit: AuditLog,
    private readonly wakes: WakeStore,
  ) {}

  execute({ tenant: wanted, caller }: CreateTenant): Promise<Accepted> {
    const problem = slugProblem(wanted.slug);
    if (problem) throw new InvalidRequest([{ in: 'body', pointer: '/slug', detail: problem }]);
    return this.unitOfWork.run(async (tx) => {
      const tenant = newTenant(wanted, await this.placement.settleTx(tx, wanted), tx.now);
      await this.tenants.insertTx(tx, tenant);
      tx.dryRun?.madeUp(tenant.id);
      const timeoutMs = await this.participants.longestAckTimeoutMsTx(tx);
      const operation = await this.operations.openTx(tx, tenant, 'provision', caller, null, timeoutMs);
      await this.tenants.publishNewTx(tx, tenant, caller.traceparent);
      // Late: whoever else takes a place on a cluster with a limit waits from here on.
      const cluster = await this.placeTx(tx, tenant);
      const { id, slug, name, plan, region, isolation, labels } = tenant;
      await this.audit.recordTx(tx, {
        caller,
        tenantId: id,
        action: 'tenant.create',
        resource: `tenants/${id}`,
        after: { slug, name, plan, region, isolation, cluster, labels, operationId: operation.id },
        irreversible: `The slug "${slug}" stays taken for ever, also after the tenant is purged.`,
      });
      await this.wakes.wakeTx(tx, id);
      return accepted(tenant, operation);
    });
  }

  private async placeTx(tx: Tx, tenant: Tenant): Promise<string> {
    const place = await this.placement.allocateTx(tx, tenant);
    const { cluster, refused } = place;
    if (cluster === undefined) throw new NoClusterAvailable(tenant.region, tenant.isolation, refused);
    tx.dryRun?.place({ cluster, isolation: tenant.isolation, why: place.why, passedOver: refused });
    return cluster;
  }
}

function newTenant(
  wanted: NewTenant,
  { region, isolation }: { region: string; isolation: Isolation },
  now: Date,
): Tenant {
  const { slug, name, plan } = wanted;
  return Object.assign(new Tenant(), {
    id: newId(),
    slug,
    name,
    plan,
    region,
    isolation,
    labels: { ...wanted.labels },
    desired: 'active',
    state: 'REQUESTED',
    wasActive: false,
    generation: 1,
    version: 1,
    tenantSeq: 0,
    conditions: [],
    desiredBeforeDeletion: null,
    deletionRequestedAt: null,
    purgeAfter: null,
    stateSince: now,
    pausedAt: null,
    pausedBy: null,
    pauseReason: null,
    holdPlacedAt: null,
    holdPlacedBy: null,
    holdReason: null,
    createdAt: now,
    updatedAt: now,
    purgedAt: null,
  } as const);
}
