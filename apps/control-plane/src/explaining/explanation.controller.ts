import { ApiProblems, RequireRole } from '@tenantry/service';
import { Controller, Get, Param } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ExplainTenant } from './explain-tenant.query.js';
import { ExplanationDto } from './explanation.dto.js';
import type { Explanation } from './explanation.js';

@ApiTags('tenants')
@Controller('v1/tenants/:id')
export class ExplanationController {
  constructor(private readonly queries: QueryBus) {}

  @Get('explain')
  @RequireRole('viewer')
  @ApiOperation({
    summary: 'Why the tenant is in its state, who blocks it, what happens next, and what an operator can do.',
  })
  @ApiOkResponse({ type: ExplanationDto })
  @ApiProblems(404)
  explain(@Param('id') id: string): Promise<Explanation> {
    return this.queries.execute(new ExplainTenant(id));
  }
}
