import { ACCESSES, ISOLATIONS, type Access, type Isolation } from '@tenantry/contracts';
import { pageDto } from '@tenantry/service';
import { ApiProperty } from '@nestjs/swagger';
import type { RouteView, TenantRoutesView } from './route.view.js';

export class RouteDto implements RouteView {
  @ApiProperty({ format: 'uuid' }) tenantId: string;

  @ApiProperty({ example: 'primary' }) store: string;

  @ApiProperty({ enum: ISOLATIONS }) isolation: Isolation;

  @ApiProperty({ example: 'default' }) cluster: string;

  @ApiProperty({ type: String, nullable: true, description: 'Null: the one the service is connected to.' })
  database: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'pooled_primary' }) schema: string | null;

  @ApiProperty({ enum: ACCESSES, description: '`frozen` lets no request in, `read_only` only reads.' })
  access: Access;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Of the operation that last changed it.' })
  generation: number;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Grows with every change of this route.' })
  revision: number;
}

export class TenantRoutesDto implements TenantRoutesView {
  @ApiProperty({ format: 'uuid' }) tenantId: string;

  @ApiProperty({
    type: [RouteDto],
    description: 'One for each store; none before the tenant is placed and after it is purged.',
  })
  routes: RouteDto[];
}

export class TenantRoutesPageDto extends pageDto(TenantRoutesDto) {}
