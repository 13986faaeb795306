import { PageQuery, RequireRole, type Page } from '@tenantry/service';
import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { MatrixPageDto, MatrixQuery, StuckPageDto } from './fleet.dto.js';
import { ListMatrix } from './list-matrix.query.js';
import { ListStuck } from './list-stuck.query.js';
import type { MatrixRow } from './matrix.view.js';
import type { StuckView } from './stuck.view.js';

@ApiTags('fleet')
@RequireRole('viewer')
@Controller('v1')
export class FleetController {
  constructor(private readonly queries: QueryBus) {}

  @Get('stuck')
  @ApiOperation({
    summary:
      'List operations past their deadline, and failed ones that nothing has taken the place of, worst first.',
    description: 'The oldest deadline is the worst.',
  })
  @ApiOkResponse({ type: StuckPageDto })
  stuck(@Query() { limit, cursor }: PageQuery): Promise<Page<StuckView>> {
    return this.queries.execute(new ListStuck(limit, cursor));
  }

  @Get('matrix')
  @ApiOperation({
    summary: 'Show where each participant is with each tenant, by tenant id.',
    description: 'A page may hold fewer rows than asked for although nextCursor says that others follow.',
  })
  @ApiOkResponse({ type: MatrixPageDto })
  matrix(@Query() { state, participant, behind, limit, cursor }: MatrixQuery): Promise<Page<MatrixRow>> {
    const filter = { state, participant, behind: behind === 'true' };
    return this.queries.execute(new ListMatrix(filter, limit, cursor));
  }
}
