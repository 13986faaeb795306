import { ApiProblems, RequireRole, ResourceId, type HttpResponse } from '@tenantry/service';
import { Body, Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { currentCaller } from '../audit/current-caller.js';
import { IdempotentCommandBus } from '../idempotency/idempotent-command-bus.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import type { Accepted } from '../tenants/accepted.js';
import { answerAccepted } from '../tenants/accepted.answer.js';
import { AcceptedDto } from '../tenants/tenant.dto.js';
import { CancelOperation } from './cancel-operation.command.js';
import { DecideTask } from './decide-task.command.js';
import { OptionalReasonDto, RequiredReasonDto } from './operation.dto.js';
import { RetryOperation } from './retry-operation.command.js';

/** What an operator can do when an operation does not get on by itself. */
@ApiTags('operations')
@RequireRole('operator')
@ApiParam({ name: 'id', format: 'uuid' })
@Controller('v1/operations/:id')
export class OperatorController {
  constructor(private readonly commands: IdempotentCommandBus) {}

  @Post('retry')
  @HttpCode(202)
  @Idempotent()
  @ApiOperation({ summary: 'Ask everyone who has not acknowledged again now, also who has failed for good.' })
  @ApiAcceptedResponse({ type: AcceptedDto })
  @ApiProblems(404, 409)
  async retry(
    @Param('id', new ResourceId('operation')) id: string,
    @Body() { reason }: OptionalReasonDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<Accepted> {
    const command = new RetryOperation(id, reason ?? null, currentCaller());
    return answerAccepted(response, await this.commands.execute(command));
  }

  @Post('cancel')
  @HttpCode(202)
  @Idempotent()
  @ApiOperation({
    summary: 'Go back from an unfinished suspension, reactivation or deletion; answers with what undoes it.',
  })
  @ApiAcceptedResponse({ type: AcceptedDto })
  @ApiProblems(404, 409)
  async cancel(
    @Param('id', new ResourceId('operation')) id: string,
    @Body() { reason }: RequiredReasonDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<Accepted> {
    const command = new CancelOperation(id, reason, currentCaller());
    return answerAccepted(response, await this.commands.execute(command));
  }

  @Post('tasks/:participant/skip')
  @HttpCode(202)
  @Idempotent()
  @ApiOperation({
    summary: 'Go on without one participant; not for a purge. The tenant shows that it was skipped.',
  })
  @ApiAcceptedResponse({ type: AcceptedDto })
  @ApiProblems(404, 409)
  async skip(
    @Param('id', new ResourceId('operation')) id: string,
    @Param('participant') participant: string,
    @Body() { reason }: RequiredReasonDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<Accepted> {
    const command = new DecideTask(id, participant, 'skip', reason, currentCaller());
    return answerAccepted(response, await this.commands.execute(command));
  }

  @Post('tasks/:participant/attest')
  @HttpCode(202)
  @RequireRole('admin')
  @Idempotent()
  @ApiOperation({
    summary:
      'Attest that a dead participant’s data of the tenant is destroyed; marks the certificate incomplete.',
  })
  @ApiAcceptedResponse({ type: AcceptedDto })
  @ApiProblems(404, 409)
  async attest(
    @Param('id', new ResourceId('operation')) id: string,
    @Param('participant') participant: string,
    @Body() { reason }: RequiredReasonDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<Accepted> {
    const command = new DecideTask(id, participant, 'attest', reason, currentCaller());
    return answerAccepted(response, await this.commands.execute(command));
  }
}
