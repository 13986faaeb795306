import { ApiProblems, RequireRole, ResourceId, type HttpResponse, type Page } from '@tenantry/service';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { currentCaller } from '../audit/current-caller.js';
import { IdempotentCommandBus } from '../idempotency/idempotent-command-bus.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { OptionalReasonDto, RequiredReasonDto } from '../operations/operation.dto.js';
import { GetParkedFact } from './get-parked-fact.query.js';
import { ListParkedFacts } from './list-parked-facts.query.js';
import { ParkedFactDetailDto, ParkedFactListQuery, ParkedFactPageDto } from './parked-fact.dto.js';
import type { ParkedFactDetailView, ParkedFactView } from './parked-fact.view.js';
import { RecoverParkedFact } from './recover-parked-fact.command.js';
import { RecoveryDto } from './recovery.dto.js';
import type { RecoveryView } from './recovery.view.js';

/** How often it is worth asking whether the participant has answered, in seconds. */
const RETRY_AFTER_S = 1;

/** Facts that any participant could not apply: they hold back the later facts of their tenant, at that group alone. */
@ApiTags('parked facts')
@Controller('v1/parked')
export class ParkedFactController {
  constructor(
    private readonly queries: QueryBus,
    private readonly commands: IdempotentCommandBus,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ summary: 'List the facts that participants could not apply, newest first.' })
  @ApiOkResponse({ type: ParkedFactPageDto })
  list(@Query() { limit, cursor, ...filter }: ParkedFactListQuery): Promise<Page<ParkedFactView>> {
    return this.queries.execute(new ListParkedFacts(filter, limit, cursor));
  }

  @Get(':id')
  @RequireRole('viewer')
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({
    summary: 'Inspect a parked fact: its data, its error and stack, its attempts, what was done about it.',
  })
  @ApiOkResponse({ type: ParkedFactDetailDto })
  @ApiProblems(404)
  get(@Param('id', new ResourceId('parked fact')) id: string): Promise<ParkedFactDetailView> {
    return this.queries.execute(new GetParkedFact(id));
  }

  @Post(':id/redrive')
  @RequireRole('operator')
  @HttpCode(202)
  @Idempotent()
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({
    summary: 'Have the participant try it again, and after it what waits behind it, in order.',
  })
  @ApiAcceptedResponse({ type: RecoveryDto })
  @ApiProblems(404, 409)
  redrive(
    @Param('id', new ResourceId('parked fact')) id: string,
    @Body() { reason }: OptionalReasonDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<RecoveryView> {
    return this.recover(new RecoverParkedFact(id, 'redrive', reason ?? null, currentCaller()), response);
  }

  @Post(':id/skip')
  @RequireRole('operator')
  @HttpCode(202)
  @Idempotent()
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({
    summary: 'Have the participant give it up, and go on with what waits behind it.',
  })
  @ApiAcceptedResponse({ type: RecoveryDto })
  @ApiProblems(404, 409)
  skip(
    @Param('id', new ResourceId('parked fact')) id: string,
    @Body() { reason }: RequiredReasonDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<RecoveryView> {
    return this.recover(new RecoverParkedFact(id, 'skip', reason, currentCaller()), response);
  }

  private async recover(command: RecoverParkedFact, response: HttpResponse): Promise<RecoveryView> {
    const recovery = await this.commands.execute(command);
    response.setHeader('Location', `/v1/parked/${command.parkedId}`);
    response.setHeader('Retry-After', String(RETRY_AFTER_S));
    return recovery;
  }
}
