import { ApiProblems, RequireRole } from '@tenantry/service';
import { Controller, Get, Param } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { GetTenantMetrics } from './get-tenant-metrics.query.js';
import { TenantMetricsDto } from './tenant-metrics.dto.js';
import type { TenantMetrics } from './tenant-metrics.view.js';

@ApiTags('tenants')
@Controller('v1/tenants/:id')
export class TenantMetricsController {
  constructor(private readonly queries: QueryBus) {}

  @Get('metrics')
  @RequireRole('viewer')
  @ApiOperation({
    summary: 'One tenant in numbers: its operations, its participants, and what has not been sent about it.',
    description: 'From the database, at this moment. Metrics for Prometheus never tell of a single tenant.',
  })
  @ApiOkResponse({ type: TenantMetricsDto })
  @ApiProblems(404)
  metrics(@Param('id') id: string): Promise<TenantMetrics> {
    return this.queries.execute(new GetTenantMetrics(id));
  }
}
