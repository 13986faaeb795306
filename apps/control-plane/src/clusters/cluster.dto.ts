import { ISOLATIONS, TENANT_STATES, type Isolation, type TenantState } from '@tenantry/contracts';
import { Omittable, pageDto } from '@tenantry/service';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsObject,
  IsString,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { IsLabels, LABELS_SCHEMA } from '../tenants/labels.js';
import { CLUSTER_STATES, type ClusterState } from './cluster.entity.js';
import { CLUSTER_NAME_PATTERN } from './cluster-name.js';
import type { ClusterTenant, ClusterView } from './cluster.view.js';

const MAX_CAPACITY = 10_000_000;
const WEIGHT = {
  type: 'integer',
  minimum: 1,
  maximum: 1000,
  description: 'Its share of new tenants against that of the other clusters of its region.',
} as const;

function Weight(documented: { readonly default?: number } = {}): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ ...WEIGHT, ...documented }),
    Omittable(),
    IsInt(),
    Min(WEIGHT.minimum),
    Max(WEIGHT.maximum),
  );
}

const limitSchema = { type: 'integer', minimum: 0, maximum: MAX_CAPACITY, nullable: true } as const;

/** A whole number of tenants, or null for no limit. */
function IsLimit(): PropertyDecorator {
  const checks = [IsInt(), Min(0), Max(MAX_CAPACITY)];
  return (target, key) => {
    ValidateIf((_object: unknown, value: unknown) => value !== undefined && value !== null)(target, key);
    for (const check of checks) check(target, key);
  };
}

export class CapacityChangeDto implements Partial<Record<Isolation, number | null>> {
  @ApiPropertyOptional(limitSchema) @IsLimit() pooled?: number | null;
  @ApiPropertyOptional(limitSchema) @IsLimit() schema?: number | null;
  @ApiPropertyOptional(limitSchema) @IsLimit() database?: number | null;
}

function CapacityChange(): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({
      type: CapacityChangeDto,
      description:
        'How many tenants of each model it takes; null: as many as come, 0: none. What is left out stays as it is.',
    }),
    Omittable(),
    IsObject(),
    ValidateNested(),
    Type(() => CapacityChangeDto),
  );
}

export class CreateClusterDto {
  @ApiProperty({ pattern: CLUSTER_NAME_PATTERN, example: 'eu-1' })
  @IsString()
  @Matches(new RegExp(CLUSTER_NAME_PATTERN))
  name: string;

  @ApiProperty({ pattern: CLUSTER_NAME_PATTERN, example: 'eu' })
  @IsString()
  @Matches(new RegExp(CLUSTER_NAME_PATTERN))
  region: string;

  @ApiPropertyOptional({
    enum: CLUSTER_STATES,
    default: 'open',
    description: 'Register it closed to open it when every service knows it.',
  })
  @Omittable()
  @IsIn(CLUSTER_STATES)
  state?: ClusterState;

  @Weight({ default: 100 })
  weight?: number;

  @CapacityChange()
  capacity?: CapacityChangeDto;

  @ApiPropertyOptional({ ...LABELS_SCHEMA, description: 'What plans choose clusters by.' })
  @Omittable()
  @IsLabels()
  labels?: Record<string, string>;
}

export class UpdateClusterDto {
  @ApiPropertyOptional({ enum: CLUSTER_STATES, description: 'Only an open cluster takes new tenants.' })
  @Omittable()
  @IsIn(CLUSTER_STATES)
  state?: ClusterState;

  @ApiPropertyOptional({
    pattern: CLUSTER_NAME_PATTERN,
    description: 'Can be changed while no tenant is there.',
  })
  @Omittable()
  @IsString()
  @Matches(new RegExp(CLUSTER_NAME_PATTERN))
  region?: string;

  @Weight()
  weight?: number;

  @CapacityChange()
  capacity?: CapacityChangeDto;

  @ApiPropertyOptional({ ...LABELS_SCHEMA, description: 'Replaces all labels.' })
  @Omittable()
  @IsLabels()
  labels?: Record<string, string>;
}

export class ClusterCapacityDto implements Record<Isolation, number | null> {
  @ApiProperty(limitSchema) pooled: number | null;
  @ApiProperty(limitSchema) schema: number | null;
  @ApiProperty(limitSchema) database: number | null;
}

export class ClusterTenantsDto implements Record<Isolation, number> {
  @ApiProperty({ type: 'integer' }) pooled: number;
  @ApiProperty({ type: 'integer' }) schema: number;
  @ApiProperty({ type: 'integer' }) database: number;
}

export class ClusterDto implements ClusterView {
  @ApiProperty({ pattern: CLUSTER_NAME_PATTERN }) name: string;

  @ApiProperty() region: string;

  @ApiProperty({ enum: CLUSTER_STATES }) state: ClusterState;

  @ApiProperty(WEIGHT) weight: number;

  @ApiProperty(LABELS_SCHEMA) labels: Record<string, string>;

  @ApiProperty({
    type: ClusterCapacityDto,
    description: `How many tenants of each model (${ISOLATIONS.join(', ')}) it takes; null: as many as come.`,
  })
  capacity: ClusterCapacityDto;

  @ApiProperty({
    type: ClusterTenantsDto,
    description: 'How many are there; a tenant counts from its creation until it is purged.',
  })
  tenants: ClusterTenantsDto;

  @ApiProperty({ type: 'integer', description: 'Grows with every change; the ETag.' }) version: number;

  @ApiProperty({ format: 'date-time' }) createdAt: string;
}

export class ClusterPageDto extends pageDto(ClusterDto) {}

export class ClusterTenantDto implements ClusterTenant {
  @ApiProperty({ format: 'uuid' }) tenantId: string;

  @ApiProperty() slug: string;

  @ApiProperty({ enum: TENANT_STATES }) state: TenantState;

  @ApiProperty({ enum: ISOLATIONS }) isolation: Isolation;
}

export class ClusterTenantPageDto extends pageDto(ClusterTenantDto) {}
