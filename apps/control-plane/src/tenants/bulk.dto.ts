import { Omittable } from '@tenantry/service';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsNotEmptyObject, Max, Min } from 'class-validator';
import { BULK_CAP_DEFAULT, BULK_CAP_MAX } from './bulk-change.command.js';
import type { BulkItemView, BulkView, ItemProblem } from './bulk.view.js';
import { IsLabels, LABEL_KEY_PATTERN, LABEL_VALUE_MAX, MAX_LABELS } from './labels.js';
import { ReasonDto } from './tenant.dto.js';

export class BulkChangeDto extends ReasonDto {
  @ApiProperty({
    type: 'object',
    minProperties: 1,
    maxProperties: MAX_LABELS,
    additionalProperties: { type: 'string', maxLength: LABEL_VALUE_MAX },
    description: `The labels that a tenant must have, all of them; keys match ${LABEL_KEY_PATTERN}.`,
    example: { tier: 'trial' },
  })
  @IsLabels()
  @IsNotEmptyObject()
  labels: Record<string, string>;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: BULK_CAP_MAX,
    default: BULK_CAP_DEFAULT,
    description: 'How many tenants may match at most; with more, nothing is done.',
  })
  @Omittable()
  @IsInt()
  @Min(1)
  @Max(BULK_CAP_MAX)
  cap: number = BULK_CAP_DEFAULT;
}

export class ItemProblemDto implements ItemProblem {
  @ApiProperty({ example: 'urn:tenantry:problem:illegal-transition' }) type: string;
  @ApiProperty() title: string;
  @ApiProperty({
    type: 'integer',
    description: 'What the same request for this tenant alone is answered with.',
  })
  status: number;
  @ApiProperty() detail: string;
  @ApiProperty({ example: 'illegal-transition' }) code: string;
}

export class BulkItemDto implements BulkItemView {
  @ApiProperty({ format: 'uuid' }) tenantId: string;
  @ApiProperty() slug: string;
  @ApiProperty({ enum: ['accepted', 'refused'] }) outcome: 'accepted' | 'refused';
  @ApiPropertyOptional({ format: 'uuid', description: 'Of an accepted one: tells when it is done.' })
  operationId?: string;
  @ApiPropertyOptional({ type: ItemProblemDto, description: 'Of a refused one: why.' })
  problem?: ItemProblemDto;
}

export class BulkDto implements BulkView {
  @ApiProperty({ type: 'integer', description: 'How many tenants have the labels.' }) matched: number;
  @ApiProperty({ type: 'integer' }) accepted: number;
  @ApiProperty({ type: 'integer' }) refused: number;
  @ApiProperty({ type: [BulkItemDto], description: 'By tenant id.' }) results: BulkItemDto[];
}
