import { ApiProblems, PageQuery, RequireRole, type Page } from '@tenantry/service';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ListTenantEvents } from './list-tenant-events.query.js';
import { TenantEventPageDto } from './tenant-event.dto.js';
import type { TenantEventView } from './tenant-event.view.js';

@ApiTags('tenants')
@Controller('v1/tenants/:id')
export class HistoryController {
  constructor(private readonly queries: QueryBus) {}

  @Get('events')
  @RequireRole('viewer')
  @ApiOperation({ summary: 'List what was published about a tenant, newest first.' })
  @ApiOkResponse({ type: TenantEventPageDto })
  @ApiProblems(404)
  events(@Param('id') id: string, @Query() { limit, cursor }: PageQuery): Promise<Page<TenantEventView>> {
    return this.queries.execute(new ListTenantEvents(id, limit, cursor));
  }
}
