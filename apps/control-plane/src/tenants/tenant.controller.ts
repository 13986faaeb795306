import {
  ApiIfMatch,
  ApiProblems,
  OptionalIfMatch,
  RequireRole,
  RequiredIfMatch,
  etagOf,
  type HttpResponse,
  type IfMatch,
  type Page,
} from '@tenantry/service';
import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { currentCaller } from '../audit/current-caller.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { IdempotentCommandBus } from '../idempotency/idempotent-command-bus.js';
import type { Accepted } from './accepted.js';
import { answerAccepted } from './accepted.answer.js';
import { CreateTenant } from './create-tenant.command.js';
import { GetTenant } from './get-tenant.query.js';
import { labelsOf } from './labels.js';
import { ListTenants } from './list-tenants.query.js';
import { ReactivateTenant } from './reactivate-tenant.command.js';
import { SuspendTenant } from './suspend-tenant.command.js';
import {
  AcceptedDto,
  CreateTenantDto,
  ListTenantsQuery,
  ReasonDto,
  TenantDto,
  TenantPageDto,
  UpdateTenantDto,
} from './tenant.dto.js';
import type { TenantView } from './tenant.view.js';
import { UpdateTenant } from './update-tenant.command.js';

@ApiTags('tenants')
@Controller('v1/tenants')
export class TenantController {
  constructor(
    private readonly commands: IdempotentCommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  @HttpCode(202)
  @RequireRole('operator')
  @Idempotent()
  @ApiOperation({ summary: 'Create a tenant; it is ACTIVE once every required service has provisioned it.' })
  @ApiAcceptedResponse({ type: AcceptedDto })
  @ApiProblems(409)
  async create(
    @Body() body: CreateTenantDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<Accepted> {
    const { slug, name, plan = 'standard', region, isolation, labels = {} } = body;
    const command = new CreateTenant({ slug, name, plan, region, isolation, labels }, currentCaller());
    return answerAccepted(response, await this.commands.execute(command));
  }

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ summary: 'List tenants in the order of creation.' })
  @ApiOkResponse({ type: TenantPageDto })
  list(@Query() query: ListTenantsQuery): Promise<Page<TenantView>> {
    const { cursor, limit, label = [], ...filter } = query;
    return this.queries.execute(new ListTenants({ ...filter, labels: labelsOf(label) }, limit, cursor));
  }

  @Get(':id')
  @RequireRole('viewer')
  @ApiOperation({ summary: 'Read a tenant.' })
  @ApiOkResponse({ type: TenantDto })
  @ApiProblems(404)
  async get(
    @Param('id') id: string,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<TenantView> {
    const tenant = await this.queries.execute(new GetTenant(id));
    response.setHeader('ETag', etagOf(tenant.version));
    return tenant;
  }

  @Patch(':id')
  @RequireRole('operator')
  @ApiIfMatch({ required: true })
  @ApiOperation({ summary: 'Change name, plan or labels.' })
  @ApiOkResponse({ type: TenantDto })
  @ApiProblems(404, 409)
  async update(
    @Param('id') id: string,
    @Body() body: UpdateTenantDto,
    @RequiredIfMatch() ifMatch: IfMatch,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<TenantView> {
    const tenant = await this.commands.execute(new UpdateTenant(id, body, ifMatch, currentCaller()));
    response.setHeader('ETag', etagOf(tenant.version));
    return tenant;
  }

  @Post(':id/suspend')
  @HttpCode(202)
  @RequireRole('operator')
  @Idempotent()
  @ApiIfMatch({ required: false })
  @ApiOperation({ summary: 'Close a tenant; its data stays. Supersedes what is unfinished.' })
  @ApiAcceptedResponse({ type: AcceptedDto })
  @ApiProblems(404, 409)
  async suspend(
    @Param('id') id: string,
    @Body() { reason }: ReasonDto,
    @OptionalIfMatch() ifMatch: IfMatch | undefined,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<Accepted> {
    return answerAccepted(
      response,
      await this.commands.execute(new SuspendTenant(id, reason, currentCaller(), ifMatch)),
    );
  }

  @Post(':id/reactivate')
  @HttpCode(202)
  @RequireRole('operator')
  @Idempotent()
  @ApiIfMatch({ required: false })
  @ApiOperation({ summary: 'Open a suspended tenant again.' })
  @ApiAcceptedResponse({ type: AcceptedDto })
  @ApiProblems(404, 409)
  async reactivate(
    @Param('id') id: string,
    @Body() { reason }: ReasonDto,
    @OptionalIfMatch() ifMatch: IfMatch | undefined,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<Accepted> {
    return answerAccepted(
      response,
      await this.commands.execute(new ReactivateTenant(id, reason, currentCaller(), ifMatch)),
    );
  }
}
