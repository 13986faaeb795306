import {
  ApiIfMatch,
  ApiProblems,
  OptionalIfMatch,
  RequireRole,
  etagOf,
  type HttpResponse,
  type IfMatch,
} from '@tenantry/service';
import { Body, Controller, Delete, HttpCode, Param, Put, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { currentCaller } from '../audit/current-caller.js';
import { IdempotentCommandBus } from '../idempotency/idempotent-command-bus.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { OptionalReasonDto } from '../operations/operation.dto.js';
import { PlaceLegalHold } from './place-legal-hold.command.js';
import { ReleaseLegalHold } from './release-legal-hold.command.js';
import { ReasonDto, TenantDto } from './tenant.dto.js';
import type { TenantView } from './tenant.view.js';

/** What keeps a tenant from being purged, whatever its deadline. */
@ApiTags('tenants')
@RequireRole('admin')
@Controller('v1/tenants/:id/legal-hold')
export class LegalHoldController {
  constructor(
    private readonly commands: CommandBus,
    private readonly idempotent: IdempotentCommandBus,
  ) {}

  @Put()
  @ApiIfMatch({ required: false })
  @ApiOperation({ summary: 'Place a legal hold: the tenant is not purged until it is released.' })
  @ApiOkResponse({ type: TenantDto })
  @ApiProblems(404, 409)
  async place(
    @Param('id') id: string,
    @Body() { reason }: ReasonDto,
    @OptionalIfMatch() ifMatch: IfMatch | undefined,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<TenantView> {
    const tenant = await this.commands.execute(new PlaceLegalHold(id, reason, currentCaller(), ifMatch));
    response.setHeader('ETag', etagOf(tenant.version));
    return tenant;
  }

  @Delete()
  @HttpCode(200)
  @Idempotent()
  @ApiIfMatch({ required: false })
  @ApiOperation({ summary: 'Release the legal hold; a purge whose deadline has passed begins.' })
  @ApiOkResponse({ type: TenantDto })
  @ApiProblems(404, 409)
  async release(
    @Param('id') id: string,
    @Query() { reason }: OptionalReasonDto,
    @OptionalIfMatch() ifMatch: IfMatch | undefined,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<TenantView> {
    const command = new ReleaseLegalHold(id, reason ?? null, currentCaller(), ifMatch);
    const tenant = await this.idempotent.execute(command);
    response.setHeader('ETag', etagOf(tenant.version));
    return tenant;
  }
}
