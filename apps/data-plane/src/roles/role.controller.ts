import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Tenants } from '@tenantry/data-plane-kit';
import { PageQuery, RequireRole, decodeCursor, pageOf, type Page } from '@tenantry/service';
import { TenantId, TenantScoped } from '../tenant-scoped.decorator.js';
import { RolePageDto } from './role.dto.js';
import { RoleStore, type Role } from './role.store.js';

const isName = (value: unknown): value is string => typeof value === 'string';

@ApiTags('roles')
@TenantScoped()
@Controller('v1/roles')
export class RoleController {
  constructor(
    private readonly tenants: Tenants,
    private readonly roles: RoleStore,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ summary: "The tenant's roles, by name." })
  @ApiOkResponse({ type: RolePageDto })
  async list(@TenantId() tenantId: string, @Query() { cursor, limit }: PageQuery): Promise<Page<Role>> {
    const after = cursor === undefined ? '' : decodeCursor(cursor, isName);
    const rows = await this.tenants.run(tenantId, (tx) => this.roles.listTx(tx, after, limit + 1), {
      readOnly: true,
    });
    return pageOf(rows, limit, (role) => role.name);
  }
}
