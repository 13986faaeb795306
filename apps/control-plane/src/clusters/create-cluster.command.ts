import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { NOBODY } from './capacity.js';
import { ClusterNameTaken } from './cluster.errors.js';
import { ClusterStore, type NewCluster } from './cluster.store.js';
import { toClusterView, type ClusterView } from './cluster.view.js';

/** Makes a cluster known. @throws ClusterNameTaken */
export class CreateCluster extends Command<ClusterView> {
  constructor(
    readonly cluster: NewCluster,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(CreateCluster)
export class CreateClusterHandler implements ICommandHandler<CreateCluster> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clusters: ClusterStore,
    private readonly audit: AuditLog,
  ) {}

  execute({ cluster: { name, ...said }, caller }: CreateCluster): Promise<ClusterView> {
    return this.unitOfWork.run(async (tx) => {
      const cluster = await this.clusters.insertTx(tx, { name, ...said });
      if (!cluster) throw new ClusterNameTaken(name);
      await this.audit.recordTx(tx, {
        caller,
        action: 'cluster.create',
        resource: `clusters/${name}`,
        after: said,
        irreversible: `The cluster "${name}" can be closed for new tenants, but neither renamed nor removed.`,
      });
      return toClusterView(cluster, NOBODY);
    });
  }
}
