import { ApiProblems, PageQuery, RequireRole, ResourceId, type Page } from '@tenantry/service';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { currentCaller } from '../audit/current-caller.js';
import { IdempotentCommandBus } from '../idempotency/idempotent-command-bus.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { ApiKeyDto, ApiKeyPageDto, CreateApiKeyDto, CreatedApiKeyDto } from './api-key.dto.js';
import { CreateApiKey } from './create-api-key.command.js';
import { ListApiKeys } from './list-api-keys.query.js';
import { RevokeApiKey } from './revoke-api-key.command.js';

@ApiTags('api keys')
@RequireRole('admin')
@Controller('v1/api-keys')
export class ApiKeyController {
  constructor(
    private readonly commands: IdempotentCommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  @Idempotent()
  @ApiOperation({ summary: 'Create an API key; the answer is the only place that ever shows it.' })
  @ApiCreatedResponse({ type: CreatedApiKeyDto })
  create(@Body() { name, role, expiresAt }: CreateApiKeyDto): Promise<CreatedApiKeyDto> {
    const expiry = expiresAt === undefined ? null : new Date(expiresAt);
    return this.commands.execute(new CreateApiKey(name, role, expiry, currentCaller()));
  }

  @Get()
  @ApiOperation({ summary: 'List API keys in the order of creation, revoked and expired ones included.' })
  @ApiOkResponse({ type: ApiKeyPageDto })
  list(@Query() { limit, cursor }: PageQuery): Promise<Page<ApiKeyDto>> {
    return this.queries.execute(new ListApiKeys(limit, cursor));
  }

  @Delete(':id')
  @HttpCode(204)
  @Idempotent()
  @ApiOperation({ summary: 'Revoke an API key, at once and for good.' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiNoContentResponse({ description: 'It is revoked, whether by this request or by an earlier one.' })
  @ApiProblems(404, 409)
  async revoke(@Param('id', new ResourceId('API key')) id: string): Promise<void> {
    await this.commands.execute(new RevokeApiKey(id, currentCaller()));
  }
}
