import { Module } from '@nestjs/common';
import { GetTenantRoutesHandler } from './get-tenant-routes.query.js';
import { ListRoutesHandler } from './list-routes.query.js';
import { RouteController } from './route.controller.js';
import { RouteReadModel } from './route.read-model.js';

/** Needs DatabaseModule and CqrsModule. */
@Module({
  controllers: [RouteController],
  providers: [RouteReadModel, GetTenantRoutesHandler, ListRoutesHandler],
})
export class RoutingModule {}
