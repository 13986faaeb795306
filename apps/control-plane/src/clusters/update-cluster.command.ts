import { NotFound, type IfMatch } from '@tenantry/service';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { ClusterState } from './cluster.entity.js';
import { ClusterStore } from './cluster.store.js';
import { toClusterView, type ClusterView } from './cluster.view.js';

/** Opens, drains or closes a cluster for new tenants; those on it stay. @throws NotFound, PreconditionFailed */
export class UpdateCluster extends Command<ClusterView> {
  constructor(
    readonly name: string,
    readonly state: ClusterState,
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

  execute({ name, state, caller, ifMatch }: UpdateCluster): Promise<ClusterView> {
    return this.unitOfWork.run(async (tx) => {
      const cluster = await this.clusters.lockTx(tx, name);
      if (!cluster) throw new NotFound('cluster');
      ifMatch?.check(cluster.version);
      const before = { state: cluster.state };
      if (cluster.state === state) return toClusterView(cluster);
      await this.clusters.setStateTx(tx, cluster, state);
      await this.audit.recordTx(tx, {
        caller,
        action: 'cluster.update',
        resource: `clusters/${name}`,
        before,
        after: { state },
      });
      return toClusterView(cluster);
    });
  }
}
