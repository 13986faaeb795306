import { pageDto } from '@tenantry/service';
import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsString, Matches } from 'class-validator';
import { CLUSTER_STATES, type ClusterState } from './cluster.entity.js';
import { CLUSTER_NAME_PATTERN } from './cluster-name.js';
import type { ClusterView } from './cluster.view.js';

export class CreateClusterDto {
  @ApiProperty({ pattern: CLUSTER_NAME_PATTERN, example: 'eu-1' })
  @IsString()
  @Matches(new RegExp(CLUSTER_NAME_PATTERN))
  name: string;

  @ApiProperty({ pattern: CLUSTER_NAME_PATTERN, example: 'eu' })
  @IsString()
  @Matches(new RegExp(CLUSTER_NAME_PATTERN))
  region: string;
}

export class UpdateClusterDto {
  @ApiProperty({ enum: CLUSTER_STATES, description: 'Only an open cluster takes new tenants.' })
  @IsIn(CLUSTER_STATES)
  state: ClusterState;
}

export class ClusterDto implements ClusterView {
  @ApiProperty({ pattern: CLUSTER_NAME_PATTERN }) name: string;

  @ApiProperty() region: string;

  @ApiProperty({ enum: CLUSTER_STATES }) state: ClusterState;

  @ApiProperty({ type: 'integer', description: 'Grows with every change; the ETag.' }) version: number;

  @ApiProperty({ format: 'date-time' }) createdAt: string;
}

export class ClusterPageDto extends pageDto(ClusterDto) {}
