import { ApiProblems, RequireRole, ResourceId, type HttpResponse } from '@tenantry/service';
import { Body, Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { currentCaller } from '../audit/current-caller.js';
import { IdempotentCommandBus } from '../idempotency/idempotent-command-bus.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { GetReplay } from './get-replay.query.js';
import { RecoveryDto, ReplayOrderDto } from './recovery.dto.js';
import type { RecoveryView } from './recovery.view.js';
import { ReplayTenant } from './replay-tenant.command.js';

/** How often it is worth asking for an unfinished replay, in seconds. */
const RETRY_AFTER_S = 1;

@ApiTags('parked facts')
@Controller('v1/replays')
export class ReplayController {
  constructor(
    private readonly queries: QueryBus,
    private readonly commands: IdempotentCommandBus,
  ) {}

  @Post()
  @RequireRole('operator')
  @HttpCode(202)
  @Idempotent()
  @ApiOperation({
    summary:
      'Have one group apply the facts of a tenant from a sequence on again; its newer facts wait until that is done.',
  })
  @ApiAcceptedResponse({ type: RecoveryDto })
  @ApiProblems(404, 409)
  async create(
    @Body() { tenantId, participant, group = participant, fromSeq, reason }: ReplayOrderDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<RecoveryView> {
    const order = { tenantId, participant, group, fromSeq };
    const replay = await this.commands.execute(new ReplayTenant(order, reason, currentCaller()));
    response.setHeader('Location', `/v1/replays/${replay.id}`);
    response.setHeader('Retry-After', String(RETRY_AFTER_S));
    return replay;
  }

  @Get(':id')
  @RequireRole('viewer')
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({
    summary: 'Read a replay: whether the participant has answered, and how many facts it applied.',
  })
  @ApiOkResponse({ type: RecoveryDto })
  @ApiProblems(404)
  get(@Param('id', new ResourceId('replay')) id: string): Promise<RecoveryView> {
    return this.queries.execute(new GetReplay(id));
  }
}
