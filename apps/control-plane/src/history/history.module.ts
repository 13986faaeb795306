import { Module } from '@nestjs/common';
import { HistoryController } from './history.controller.js';
import { ListTenantEventsHandler } from './list-tenant-events.query.js';
import { TenantEventReadModel } from './tenant-event.read-model.js';

/** What was published about each tenant; needs DatabaseModule and CqrsModule. */
@Module({
  controllers: [HistoryController],
  providers: [TenantEventReadModel, ListTenantEventsHandler],
})
export class HistoryModule {}
