import { parseDurationMs } from '@tenantry/kernel';
import {
  ApiIfMatch,
  ApiProblems,
  InvalidRequest,
  OptionalIfMatch,
  RequireRole,
  RequiredIfMatch,
  etagOf,
  type HttpResponse,
  type IfMatch,
} from '@tenantry/service';
import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Query, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { currentCaller } from '../audit/current-caller.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { IdempotentCommandBus } from '../idempotency/idempotent-command-bus.js';
import type { Accepted } from './accepted.js';
import { answerAccepted } from './accepted.answer.js';
import { CancelDeletion } from './cancel-deletion.command.js';
import { DeleteTenant } from './delete-tenant.command.js';
import { GetTenant } from './get-tenant.query.js';
import { MoveDeletion } from './move-deletion.command.js';
import {
  AcceptedDto,
  CancelDeletionQuery,
  DeleteTenantQuery,
  DeletionDto,
  MoveDeletionDto,
} from './tenant.dto.js';
import { NoDeletionScheduled } from './tenant.errors.js';
import type { DeletionView } from './tenant.view.js';

@ApiTags('tenants')
@Controller('v1/tenants/:id')
export class DeletionController {
  constructor(
    private readonly commands: IdempotentCommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Delete()
  @HttpCode(202)
  @RequireRole('operator')
  @Idempotent()
  @ApiIfMatch({ required: false })
  @ApiOperation({ summary: 'Close a tenant now and purge it after the grace period.' })
  @ApiAcceptedResponse({ type: AcceptedDto })
  @ApiProblems(404, 409, 422)
  async delete(
    @Param('id') id: string,
    @Query() query: DeleteTenantQuery,
    @OptionalIfMatch() ifMatch: IfMatch | undefined,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<Accepted> {
    const { gracePeriod, confirm, reason } = query;
    const command = new DeleteTenant(
      id,
      gracePeriod === undefined ? undefined : graceMsIn('query', gracePeriod),
      confirm,
      reason ?? null,
      currentCaller(),
      ifMatch,
    );
    return answerAccepted(response, await this.commands.execute(command));
  }

  @Get('deletion')
  @RequireRole('viewer')
  @ApiOperation({ summary: 'Read the scheduled deletion.' })
  @ApiOkResponse({ type: DeletionDto })
  @ApiProblems(404)
  async deletion(
    @Param('id') id: string,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<DeletionView> {
    const { deletion, version } = await this.queries.execute(new GetTenant(id));
    if (!deletion) throw new NoDeletionScheduled();
    response.setHeader('ETag', etagOf(version));
    return deletion;
  }

  @Patch('deletion')
  @RequireRole('operator')
  @ApiIfMatch({ required: true })
  @ApiOperation({
    summary: 'Extend or shorten the grace period, counted from when the deletion was asked for.',
  })
  @ApiOkResponse({ type: DeletionDto })
  @ApiProblems(404, 409, 422)
  async move(
    @Param('id') id: string,
    @Body() { gracePeriod, confirm, reason }: MoveDeletionDto,
    @RequiredIfMatch() ifMatch: IfMatch,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<DeletionView> {
    const graceMs = graceMsIn('body', gracePeriod);
    const tenant = await this.commands.execute(
      new MoveDeletion(id, graceMs, confirm, reason ?? null, ifMatch, currentCaller()),
    );
    if (!tenant.deletion) throw new NoDeletionScheduled();
    response.setHeader('ETag', etagOf(tenant.version));
    return tenant.deletion;
  }

  @Delete('deletion')
  @HttpCode(202)
  @RequireRole('operator')
  @Idempotent()
  @ApiIfMatch({ required: false })
  @ApiOperation({ summary: 'Cancel the scheduled deletion and go back to what the tenant was.' })
  @ApiAcceptedResponse({ type: AcceptedDto })
  @ApiProblems(404, 409)
  async cancel(
    @Param('id') id: string,
    @Query() { reason }: CancelDeletionQuery,
    @OptionalIfMatch() ifMatch: IfMatch | undefined,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<Accepted> {
    return answerAccepted(
      response,
      await this.commands.execute(new CancelDeletion(id, reason ?? null, currentCaller(), ifMatch)),
    );
  }
}

function graceMsIn(part: 'query' | 'body', text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined) {
    const detail =
      'must be an ISO 8601 duration of days or smaller units, such as P30D or PT90S, of at most P3650D';
    throw new InvalidRequest([{ in: part, pointer: '/gracePeriod', detail }]);
  }
  return ms;
}
