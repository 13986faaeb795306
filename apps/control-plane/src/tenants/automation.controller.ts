import {
  ApiIfMatch,
  ApiProblems,
  OptionalIfMatch,
  RequireRole,
  etagOf,
  type HttpResponse,
  type IfMatch,
} from '@tenantry/service';
import { Body, Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { currentCaller } from '../audit/current-caller.js';
import { IdempotentCommandBus } from '../idempotency/idempotent-command-bus.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { OptionalReasonDto } from '../operations/operation.dto.js';
import { PauseTenant } from './pause-tenant.command.js';
import { ResumeTenant } from './resume-tenant.command.js';
import { ReasonDto, TenantDto } from './tenant.dto.js';
import type { TenantView } from './tenant.view.js';

/** An incident freeze of one tenant. */
@ApiTags('tenants')
@RequireRole('operator')
@Controller('v1/tenants/:id')
export class AutomationController {
  constructor(private readonly commands: IdempotentCommandBus) {}

  @Post('pause')
  @HttpCode(200)
  @Idempotent()
  @ApiIfMatch({ required: false })
  @ApiOperation({
    summary:
      'Pause automation for this tenant: nothing is asked, ended or purged by itself until it is resumed.',
  })
  @ApiOkResponse({ type: TenantDto })
  @ApiProblems(404, 409)
  async pause(
    @Param('id') id: string,
    @Body() { reason }: ReasonDto,
    @OptionalIfMatch() ifMatch: IfMatch | undefined,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<TenantView> {
    const tenant = await this.commands.execute(new PauseTenant(id, reason, currentCaller(), ifMatch));
    response.setHeader('ETag', etagOf(tenant.version));
    return tenant;
  }

  @Post('resume')
  @HttpCode(200)
  @Idempotent()
  @ApiIfMatch({ required: false })
  @ApiOperation({ summary: 'Let automation go on for this tenant.' })
  @ApiOkResponse({ type: TenantDto })
  @ApiProblems(404, 409)
  async resume(
    @Param('id') id: string,
    @Body() { reason }: OptionalReasonDto,
    @OptionalIfMatch() ifMatch: IfMatch | undefined,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<TenantView> {
    const command = new ResumeTenant(id, reason ?? null, currentCaller(), ifMatch);
    const tenant = await this.commands.execute(command);
    response.setHeader('ETag', etagOf(tenant.version));
    return tenant;
  }
}
