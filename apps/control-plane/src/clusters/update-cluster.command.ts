import { isDeepStrictEqual } from 'node:util';
import { NotFound, type IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { withLimits, type Limits } from './capacity.js';
import { ClusterInUse } from './cluster.errors.js';
import { tenantsOn } from './cluster-usage.store.js';
import type { Cluster } from './cluster.entity.js';
import { ClusterStore, type ClusterChanges } from './cluster.store.js';
import { toClusterView, type ClusterView } from './cluster.view.js';

/** Only what is given changes; `labels` replaces all labels, and of `capacity` each model stands for itself (`null`: no limit). */
export type WantedClusterChanges = Omit<ClusterChanges, 'capacity'> & {
  readonly capacity?: Partial<Limits> | undefined;
};

/**
 * Opens, drains or closes a cluster for new tenants, or changes what tenants are placed by; those on it stay.
 * @throws NotFound, PreconditionFailed, ClusterInUse
 */
export class UpdateCluster extends Command<ClusterView> {
  constructor(
    readonly name: string,
    readonly wanted: WantedClusterChanges,
    readonly caller: Caller,
    readonly ifMatch?: IfMatch,
  ) {
    super();
  }
}

@CommandHandler(UpdateCluster)
export class UpdateClusterHandler implements ICommandHandler<UpdateCluster> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clusters: ClusterStore,
    private readonly audit: AuditLog,
  ) {}

  execute({ name, wanted, caller, ifMatch }: UpdateCluster): Promise<ClusterView> {
    return this.unitOfWork.run(async (tx) => {
      const cluster = await this.clusters.lockTx(tx, name);
      if (!cluster) throw new NotFound('cluster');
      ifMatch?.check(cluster.version);
      const tenants = (await tenantsOn(tx.sql, [name]))(name);
      const changes = changesOf(cluster, wanted);
      if (Object.keys(changes).length === 0) return toClusterView(cluster, tenants);
      if (changes.region !== undefined && Object.values(tenants).some((count) => count > 0))
        throw new ClusterInUse(name, cluster.region, tenants);
      const before = Object.fromEntries(
        Object.entries(cluster).filter(([field]) => Object.hasOwn(changes, field)),
      );
      await this.clusters.changeTx(tx, cluster, changes);
      await this.audit.recordTx(tx, {
        caller,
        action: 'cluster.update',
        resource: `clusters/${name}`,
        before,
        after: { ...changes },
      });
      return toClusterView(cluster, tenants);
    });
  }
}

function changesOf(cluster: Cluster, { capacity, ...others }: WantedClusterChanges): ClusterChanges {
  const wanted = { ...others, ...(capacity && { capacity: withLimits(cluster.capacity, capacity) }) };
  return Object.fromEntries(
    Object.entries(wanted).filter(
      ([field, value]) =>
        value !== undefined && !isDeepStrictEqual(value, cluster[field as keyof ClusterChanges]),
    ),
  );
}
