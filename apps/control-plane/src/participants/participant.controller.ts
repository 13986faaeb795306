import { isParticipantName } from '@tenantry/contracts';
import {
  ApiIfMatch,
  ApiProblems,
  InvalidRequest,
  OptionalIfMatch,
  PageQuery,
  RequireRole,
  etagOf,
  type HttpResponse,
  type IfMatch,
  type Page,
} from '@tenantry/service';
import { Body, Controller, Get, Param, Put, Query, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { currentCaller } from '../audit/current-caller.js';
import { ackTimeoutMsOf } from './ack-timeout.js';
import { GetParticipant } from './get-participant.query.js';
import { ListParticipants } from './list-participants.query.js';
import {
  PARTICIPANT_NAME_PATTERN,
  ParticipantDto,
  ParticipantPageDto,
  PutParticipantDto,
} from './participant.dto.js';
import type { ParticipantView } from './participant.view.js';
import { PutParticipant } from './put-participant.command.js';

@ApiTags('participants')
@Controller('v1/participants')
export class ParticipantController {
  constructor(
    private readonly commands: CommandBus,
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

  @Put(':name')
  @RequireRole('admin')
  @ApiIfMatch({ required: false })
  @ApiOperation({ summary: 'Declare a participant, or replace what was declared of it.' })
  @ApiParam({ name: 'name', schema: { type: 'string', pattern: PARTICIPANT_NAME_PATTERN } })
  @ApiOkResponse({ type: ParticipantDto, description: 'It was there and is as declared now.' })
  @ApiCreatedResponse({ type: ParticipantDto, description: 'It is new.' })
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
}
