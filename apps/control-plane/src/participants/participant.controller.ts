import { isParticipantName } from '@tenantry/contracts';
import {
  ApiIfMatch,
  ApiProblems,
  InvalidRequest,
  NotFound,
  OptionalIfMatch,
  PageQuery,
  RequireRole,
  etagOf,
  type HttpResponse,
  type IfMatch,
  type Page,
} from '@tenantry/service';
import { Body, Controller, Delete, Get, Param, Put, Query, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { currentCaller } from '../audit/current-caller.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { IdempotentCommandBus } from '../idempotency/idempotent-command-bus.js';
import { ackTimeoutMsOf } from './ack-timeout.js';
import { GetParticipant } from './get-participant.query.js';
import type { HeldTenant } from './held-tenants.js';
import { ListHeldTenants } from './list-held-tenants.query.js';
import { ListParticipants } from './list-participants.query.js';
import {
  HeldTenantPageDto,
  PARTICIPANT_NAME_PATTERN,
  ParticipantDto,
  ParticipantPageDto,
  PutParticipantDto,
  RetireParticipantQuery,
  RetiredParticipantDto,
} from './participant.dto.js';
import type { ParticipantView } from './participant.view.js';
import { PutParticipant } from './put-participant.command.js';
import { RetireParticipant, type RetireParticipantResult } from './retire-participant.command.js';

@ApiTags('participants')
@Controller('v1/participants')
export class ParticipantController {
  constructor(
    private readonly commands: IdempotentCommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ summary: 'List the data-plane services that take part in lifecycle changes, by name.' })
  @ApiOkResponse({ type: ParticipantPageDto })
  list(@Query() { limit, cursor }: PageQuery): Promise<Page<ParticipantView>> {
    return this.queries.execute(new ListParticipants(limit, cursor));
  }

  @Get(':name')
  @RequireRole('viewer')
  @ApiOperation({ summary: 'Read a participant.' })
  @ApiParam({ name: 'name', schema: { type: 'string', pattern: PARTICIPANT_NAME_PATTERN } })
  @ApiOkResponse({ type: ParticipantDto })
  @ApiProblems(404)
  async get(
    @Param('name') name: string,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<ParticipantView> {
    const participant = await this.queries.execute(new GetParticipant(name));
    response.setHeader('ETag', etagOf(participant.version));
    return participant;
  }

  @Get(':name/tenants')
  @RequireRole('viewer')
  @ApiOperation({
    summary:
      'List the tenants that a participant holds: it was asked about them and has not shown that they are purged.',
  })
  @ApiParam({ name: 'name', schema: { type: 'string', pattern: PARTICIPANT_NAME_PATTERN } })
  @ApiOkResponse({ type: HeldTenantPageDto })
  @ApiProblems(404)
  held(@Param('name') name: string, @Query() { limit, cursor }: PageQuery): Promise<Page<HeldTenant>> {
    return this.queries.execute(new ListHeldTenants(name, limit, cursor));
  }

  @Put(':name')
  @RequireRole('admin')
  @ApiIfMatch({ required: false })
  @ApiOperation({ summary: 'Declare a participant, or replace what was declared of it.' })
  @ApiParam({ name: 'name', schema: { type: 'string', pattern: PARTICIPANT_NAME_PATTERN } })
  @ApiOkResponse({ type: ParticipantDto, description: 'It was there and is as declared now.' })
  @ApiCreatedResponse({ type: ParticipantDto, description: 'It is new.' })
  @ApiProblems(409)
  async put(
    @Param('name') name: string,
    @Body() { required, capabilities, stores, ackTimeout }: PutParticipantDto,
    @OptionalIfMatch() ifMatch: IfMatch | undefined,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<ParticipantView> {
    if (!isParticipantName(name)) {
      throw new InvalidRequest([
        { in: 'path', pointer: '/name', detail: `must match ${PARTICIPANT_NAME_PATTERN}` },
      ]);
    }
    const declaration = { name, required, capabilities, stores, ackTimeoutMs: ackTimeoutMsOf(ackTimeout) };
    const { created, participant } = await this.commands.execute(
      new PutParticipant(declaration, ifMatch, currentCaller()),
    );
    response.statusCode = created ? 201 : 200;
    response.setHeader('ETag', etagOf(participant.version));
    return participant;
  }

  @Delete(':name')
  @RequireRole('admin')
  @Idempotent()
  @ApiIfMatch({ required: false })
  @ApiOperation({
    summary: 'Retire a participant: it is asked for nothing any more. Declaring it again takes that back.',
  })
  @ApiParam({ name: 'name', schema: { type: 'string', pattern: PARTICIPANT_NAME_PATTERN } })
  @ApiOkResponse({
    type: RetiredParticipantDto,
    description: 'It is retired, now or since an earlier request.',
  })
  @ApiProblems(404, 409, 422)
  async retire(
    @Param('name') name: string,
    @Query() { reason, force, confirm }: RetireParticipantQuery,
    @OptionalIfMatch() ifMatch: IfMatch | undefined,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<RetireParticipantResult> {
    if (!isParticipantName(name)) throw new NotFound('participant');
    const request = { reason, force: force === 'true', confirm };
    const retired = await this.commands.execute(
      new RetireParticipant(name, request, currentCaller(), ifMatch),
    );
    response.setHeader('ETag', etagOf(retired.participant.version));
    return retired;
  }
}
