import { ISOLATIONS, TENANT_STATES, type Isolation, type TenantState } from '@tenantry/contracts';
import { Omittable, PageQuery, pageDto } from '@tenantry/service';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { OperationDto } from '../operations/operation.dto.js';
import { CONDITION_TYPES, type ConditionType } from './condition.js';
import { IsLabels, LABEL_FILTER_PATTERN, LABELS_SCHEMA } from './labels.js';
import { SLUG_PATTERN } from './slug.js';

const NAME_PATTERN = '^[a-z][a-z0-9-]{0,62}$';

export class CreateTenantDto {
  @ApiProperty({
    pattern: SLUG_PATTERN,
    example: 'acme',
    description: 'Unique for ever, also after a purge.',
  })
  @IsString()
  @MaxLength(200)
  slug: string;

  @ApiProperty({ minLength: 1, maxLength: 200, example: 'Acme Ltd' })
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  name: string;

  @ApiPropertyOptional({ pattern: NAME_PATTERN, default: 'standard' })
  @Omittable()
  @IsString()
  @Matches(new RegExp(NAME_PATTERN))
  plan?: string;

  @ApiPropertyOptional({
    pattern: NAME_PATTERN,
    description: 'A region that a cluster is in; may be left out while there is only one.',
  })
  @Omittable()
  @IsString()
  @Matches(new RegExp(NAME_PATTERN))
  region?: string;

  @ApiPropertyOptional({
    enum: ISOLATIONS,
    description: 'One that the plan’s rule allows. Left out: the rule’s first, or pooled.',
  })
  @Omittable()
  @IsIn(ISOLATIONS)
  isolation?: Isolation;

  @ApiPropertyOptional(LABELS_SCHEMA)
  @Omittable()
  @IsLabels()
  labels?: Record<string, string>;
}

export class UpdateTenantDto {
  @ApiPropertyOptional({ minLength: 1, maxLength: 200 })
  @Omittable()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  name?: string;

  @ApiPropertyOptional({ pattern: NAME_PATTERN })
  @Omittable()
  @IsString()
  @Matches(new RegExp(NAME_PATTERN))
  plan?: string;

  @ApiPropertyOptional({ ...LABELS_SCHEMA, description: 'Replaces all labels.' })
  @Omittable()
  @IsLabels()
  labels?: Record<string, string>;
}

export class ReasonDto {
  @ApiProperty({ minLength: 1, maxLength: 500, description: 'For the audit.', example: 'invoice overdue' })
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  reason: string;
}

export class DeleteTenantQuery {
  @ApiPropertyOptional({
    example: 'P30D',
    maxLength: 40,
    description: 'ISO 8601 duration of days or smaller units, at most P3650D.',
  })
  @Omittable()
  @IsString()
  @MaxLength(40)
  gracePeriod?: string;

  @ApiPropertyOptional({
    maxLength: 200,
    description: 'The tenant’s slug, to confirm a grace period under the installation’s minimum.',
  })
  @Omittable()
  @IsString()
  @MaxLength(200)
  confirm?: string;

  @ApiPropertyOptional({ minLength: 1, maxLength: 500 })
  @Omittable()
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  reason?: string;
}

export class MoveDeletionDto {
  @ApiProperty({
    example: 'P60D',
    maxLength: 40,
    description:
      'ISO 8601 duration of days or smaller units, at most P3650D, counted from when the deletion was asked for.',
  })
  @IsString()
  @MaxLength(40)
  gracePeriod: string;

  @ApiPropertyOptional({
    maxLength: 200,
    description: 'The tenant’s slug, to confirm a grace period under the installation’s minimum.',
  })
  @Omittable()
  @IsString()
  @MaxLength(200)
  confirm?: string;

  @ApiPropertyOptional({ minLength: 1, maxLength: 500 })
  @Omittable()
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  reason?: string;
}

export class CancelDeletionQuery {
  @ApiPropertyOptional({ minLength: 1, maxLength: 500 })
  @Omittable()
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  reason?: string;
}

export class ListTenantsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: TENANT_STATES })
  @Omittable()
  @IsIn(TENANT_STATES)
  state?: TenantState;

  @ApiPropertyOptional({ maxLength: 63 })
  @Omittable()
  @IsString()
  @MaxLength(63)
  plan?: string;

  @ApiPropertyOptional({ maxLength: 63 })
  @Omittable()
  @IsString()
  @MaxLength(63)
  region?: string;

  @ApiPropertyOptional({ maxLength: 63 })
  @Omittable()
  @IsString()
  @MaxLength(63)
  slug?: string;

  @ApiPropertyOptional({ maxLength: 63 })
  @Omittable()
  @IsString()
  @MaxLength(63)
  slugPrefix?: string;

  @ApiPropertyOptional({
    type: [String],
    maxItems: 8,
    items: { type: 'string', pattern: LABEL_FILTER_PATTERN },
    description: 'key:value, repeatable; all must match.',
  })
  @Omittable()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? [value] : value))
  @IsArray()
  @ArrayMaxSize(8)
  @IsString({ each: true })
  @Matches(new RegExp(LABEL_FILTER_PATTERN, 'u'), { each: true })
  label?: string[];
}

export class ConditionDto {
  @ApiProperty({ enum: CONDITION_TYPES }) type: ConditionType;
  @ApiProperty() message: string;
  @ApiProperty({ format: 'date-time' }) since: string;
}

export class DeletionDto {
  @ApiProperty({ format: 'date-time' }) requestedAt: string;
  @ApiProperty({ format: 'date-time', description: 'The purge begins at this time at the earliest.' })
  purgeAfter: string;
}

/** What an operator placed on a tenant, by whom and why. */
export class OperatorMarkDto {
  @ApiProperty({ format: 'date-time' }) at: string;
  @ApiProperty({ example: 'api-key:0192b1c4-6b1e-7c6a-9f50-0c7a6f0f7f11' }) by: string;
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
}

export class TenantDto {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty() slug: string;
  @ApiProperty() name: string;
  @ApiProperty() plan: string;
  @ApiProperty() region: string;
  @ApiProperty({ enum: ISOLATIONS }) isolation: Isolation;
  @ApiProperty(LABELS_SCHEMA) labels: Record<string, string>;
  @ApiProperty({ enum: TENANT_STATES }) state: TenantState;
  @ApiProperty({ type: [ConditionDto] }) conditions: ConditionDto[];
  @ApiProperty({ type: 'integer', description: 'Grows with every operation.' }) generation: number;
  @ApiProperty({ type: 'integer', description: 'Grows with every change; the ETag.' }) version: number;
  @ApiProperty({ format: 'date-time' }) createdAt: string;
  @ApiProperty({ format: 'date-time' }) updatedAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) purgedAt: string | null;
  @ApiProperty({ format: 'date-time', description: 'Since when it is in this state.' }) stateSince: string;
  @ApiPropertyOptional({ type: DeletionDto }) deletion?: DeletionDto;
  @ApiPropertyOptional({ type: OperatorMarkDto, description: 'Present while automation is paused.' })
  paused?: OperatorMarkDto;
  @ApiPropertyOptional({ type: OperatorMarkDto, description: 'Present while it must not be purged.' })
  legalHold?: OperatorMarkDto;
}

export class AcceptedDto {
  @ApiProperty({ type: TenantDto }) tenant: TenantDto;
  @ApiProperty({ type: OperationDto }) operation: OperationDto;
}

export class TenantPageDto extends pageDto(TenantDto) {}
