import type { Isolation } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { InvalidRequest } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { ClusterStore } from '../clusters/cluster.store.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { OperationStore } from '../operations/operation.store.js';
import { ParticipantStore } from '../participants/participant.store.js';
import { WakeStore } from '../reconciling/wake.store.js';
import { accepted, type Accepted } from './accepted.js';
import { slugProblem } from './slug.js';
import { Tenant } from './tenant.entity.js';
import { TenantStore } from './tenant.store.js';

export interface NewTenant {
  readonly slug: string;
  readonly name: string;
  readonly plan: string;
  /** The only region there is, when none is given. */
  readonly region: string | undefined;
  readonly isolation: Isolation;
  readonly labels: Readonly<Record<string, string>>;
}

/** Records a tenant that should be active; placing and provisioning it is the reconciler's. */
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
    private readonly clusters: ClusterStore,
    private readonly audit: AuditLog,
    private readonly wakes: WakeStore,
  ) {}

  execute({ tenant: wanted, caller }: CreateTenant): Promise<Accepted> {
    const problem = slugProblem(wanted.slug);
    if (problem) throw new InvalidRequest([{ in: 'body', pointer: '/slug', detail: problem }]);
    return this.unitOfWork.run(async (tx) => {
      const tenant = newTenant(wanted, regionOf(wanted.region, await this.clusters.regionsTx(tx)), tx.now);
      await this.tenants.insertTx(tx, tenant);
      tx.dryRun?.madeUp(tenant.id);
      const timeoutMs = await this.participants.longestAckTimeoutMsTx(tx);
      const operation = await this.operations.openTx(tx, tenant, 'provision', caller, null, timeoutMs);
      await this.tenants.publishNewTx(tx, tenant, caller.traceparent);
      const { id, slug, name, plan, region, isolation, labels } = tenant;
      await this.audit.recordTx(tx, {
        caller,
        tenantId: id,
        action: 'tenant.create',
        resource: `tenants/${id}`,
        after: { slug, name, plan, region, isolation, labels, operationId: operation.id },
        irreversible: `The slug "${slug}" stays taken for ever, also after the tenant is purged.`,
      });
      await this.wakes.wakeTx(tx, id);
      return accepted(tenant, operation);
    });
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

function newTenant(wanted: NewTenant, region: string, now: Date): Tenant {
  const { slug, name, plan, isolation } = wanted;
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
