import { ISOLATIONS, type Isolation } from '@tenantry/contracts';
import { Omittable, pageDto } from '@tenantry/service';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMinSize, ArrayUnique, IsArray, IsIn } from 'class-validator';
import { IsLabels, LABELS_SCHEMA } from '../tenants/labels.js';
import { PLAN_NAME_PATTERN } from './plan-name.js';
import type { PlanRuleView } from './plan-rule.view.js';

export class PutPlanRuleDto {
  @ApiProperty({
    enum: ISOLATIONS,
    isArray: true,
    uniqueItems: true,
    minItems: 1,
    example: ['database', 'schema'],
    description: 'The models that new tenants of the plan may have; the first when none is asked for.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsIn(ISOLATIONS, { each: true })
  isolations: Isolation[];

  @ApiPropertyOptional({
    ...LABELS_SCHEMA,
    default: {},
    description: 'New tenants of the plan go to clusters that have all of these labels.',
  })
  @Omittable()
  @IsLabels()
  clusterLabels?: Record<string, string>;
}

export class PlanRuleDto implements PlanRuleView {
  @ApiProperty({ pattern: PLAN_NAME_PATTERN, example: 'gold' }) plan: string;

  @ApiProperty({ enum: ISOLATIONS, isArray: true }) isolations: Isolation[];

  @ApiProperty(LABELS_SCHEMA) clusterLabels: Record<string, string>;

  @ApiProperty({ type: 'integer', description: 'Grows with every change; the ETag.' }) version: number;

  @ApiProperty({ format: 'date-time' }) createdAt: string;

  @ApiProperty({ format: 'date-time' }) updatedAt: string;
}

export class PlanRulePageDto extends pageDto(PlanRuleDto) {}
