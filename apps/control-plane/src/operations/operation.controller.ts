import { ApiProblems, RequireRole, ResourceId, type HttpResponse, type Page } from '@tenantry/service';
import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { GetOperation } from './get-operation.query.js';
import { ListOperations } from './list-operations.query.js';
import { OperationDto, OperationListQuery, OperationPageDto } from './operation.dto.js';
import { isFinished, type OperationView } from './operation.view.js';

/** How often it is worth asking for an unfinished operation, in seconds. */
const RETRY_AFTER_S = 1;

@ApiTags('operations')
@RequireRole('viewer')
@Controller('v1/operations')
export class OperationController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @ApiOperation({ summary: 'List operations, newest first.' })
  @ApiOkResponse({ type: OperationPageDto })
  list(@Query() { tenantId, state, limit, cursor }: OperationListQuery): Promise<Page<OperationView>> {
    return this.queries.execute(new ListOperations({ tenantId, state }, limit, cursor));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read an operation: how far each participant is, and what it showed for it.' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({
    type: OperationDto,
    headers: {
      'Retry-After': { description: 'Seconds; only while it is unfinished.', schema: { type: 'integer' } },
    },
  })
  @ApiProblems(404)
  async get(
    @Param('id', new ResourceId('operation')) id: string,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<OperationView> {
    const operation = await this.queries.execute(new GetOperation(id));
    if (!isFinished(operation)) response.setHeader('Retry-After', String(RETRY_AFTER_S));
    return operation;
  }
}
