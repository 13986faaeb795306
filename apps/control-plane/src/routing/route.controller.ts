import { ApiProblems, PageQuery, RequireRole, type Page } from '@tenantry/service';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { GetTenantRoutes } from './get-tenant-routes.query.js';
import { ListRoutes } from './list-routes.query.js';
import { TenantRoutesDto, TenantRoutesPageDto } from './route.dto.js';
import type { TenantRoutesView } from './route.view.js';

@ApiTags('routes')
@RequireRole('viewer')
@Controller('v1/routes')
export class RouteController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @ApiOperation({
    summary: 'Read the routing table as a snapshot, tenant by tenant; to follow it, use the state topic.',
  })
  @ApiOkResponse({ type: TenantRoutesPageDto })
  list(@Query() { limit, cursor }: PageQuery): Promise<Page<TenantRoutesView>> {
    return this.queries.execute(new ListRoutes(limit, cursor));
  }

  @Get(':tenantId')
  @ApiOperation({ summary: "Read one tenant's routes." })
  @ApiParam({ name: 'tenantId', format: 'uuid' })
  @ApiOkResponse({ type: TenantRoutesDto })
  @ApiProblems(404)
  get(@Param('tenantId') tenantId: string): Promise<TenantRoutesView> {
    return this.queries.execute(new GetTenantRoutes(tenantId));
  }
}
