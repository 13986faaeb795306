import { Module } from '@nestjs/common';
import { ExplainingModule } from '../explaining/explaining.module.js';
import { GetTenantMetricsHandler } from './get-tenant-metrics.query.js';
import { TenantMetricsController } from './tenant-metrics.controller.js';
import { TenantMetricsReadModel } from './tenant-metrics.read-model.js';

/** The numbers of single tenants, by API; needs DatabaseModule, LifecycleSettingsModule and CqrsModule. */
@Module({
  imports: [ExplainingModule],
  controllers: [TenantMetricsController],
  providers: [TenantMetricsReadModel, GetTenantMetricsHandler],
})
export class TelemetryModule {}
