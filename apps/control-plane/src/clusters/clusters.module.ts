import { Module } from '@nestjs/common';
import { LifecycleModule } from '../tenants/lifecycle.module.js';
import { ClusterController } from './cluster.controller.js';
import { ClusterReadModel } from './cluster.read-model.js';
import { CreateClusterHandler } from './create-cluster.command.js';
import { GetClusterHandler } from './get-cluster.query.js';
import { ListClusterTenantsHandler } from './list-cluster-tenants.query.js';
import { ListClustersHandler } from './list-clusters.query.js';
import { UpdateClusterHandler } from './update-cluster.command.js';

/** Needs DatabaseModule, IdempotencyModule and CqrsModule. */
@Module({
  imports: [LifecycleModule],
  controllers: [ClusterController],
  providers: [
    ClusterReadModel,
    CreateClusterHandler,
    UpdateClusterHandler,
    GetClusterHandler,
    ListClusterTenantsHandler,
    ListClustersHandler,
  ],
})
export class ClustersModule {}
