import { Omittable, PageQuery, pageDto } from '@tenantry/service';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsString, IsUUID, MaxLength, MinLength } from 'class-validator';
import type { ParkedFactDetailView, ParkedFactView } from './parked-fact.view.js';
import { PARKED_STATES, type ParkedState } from './recovery.js';
import { RecoveryDto } from './recovery.dto.js';

export class ParkedFactDto implements ParkedFactView {
  @ApiProperty({ format: 'uuid' }) id: string;

  @ApiProperty({ enum: PARKED_STATES }) state: ParkedState;

  @ApiProperty({ format: 'uuid' }) tenantId: string;

  @ApiProperty({ example: 'billing' }) participant: string;

  @ApiProperty({ description: 'The group of the participant that holds it back.', example: 'billing' })
  group: string;

  @ApiProperty({ type: 'integer', description: 'The fact’s place among the tenant’s events.' })
  tenantSeq: number;

  @ApiProperty({ example: '01980c1e-7a55-7cc2-b1d2-9a1fb5b0c001' }) eventId: string;

  @ApiProperty({ example: 'tenant.updated.v1' }) eventType: string;

  @ApiProperty({ type: 'integer', description: 'How often it was tried, over all redrives.' })
  attempts: number;

  @ApiProperty({ description: 'What it failed with the last time.' }) error: string;

  @ApiProperty({ format: 'date-time' }) parkedAt: string;

  @ApiProperty({ format: 'date-time', description: 'When the participant said it last.' })
  announcedAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true }) resolvedAt: string | null;
}

export class ParkedFactDetailDto extends ParkedFactDto implements ParkedFactDetailView {
  @ApiProperty({ type: String, nullable: true, description: 'Where it failed the last time.' })
  stack: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'The event’s data; null when neither the participant nor the history has it.',
  })
  payload: Record<string, unknown> | null;

  @ApiProperty({
    type: 'integer',
    description:
      'Facts of the tenant that were published after it; while it is parked they wait behind it, in order.',
  })
  laterFacts: number;

  @ApiProperty({ type: [RecoveryDto], description: 'What was asked for about it, newest first.' })
  recoveries: RecoveryDto[];
}

export class ParkedFactPageDto extends pageDto(ParkedFactDto) {}

export class ParkedFactListQuery extends PageQuery {
  @ApiPropertyOptional({ enum: PARKED_STATES, default: 'parked' })
  @Omittable()
  @IsIn(PARKED_STATES)
  state: ParkedState = 'parked';

  @ApiPropertyOptional({ format: 'uuid' })
  @Omittable()
  @IsUUID()
  tenantId?: string;

  @ApiPropertyOptional({ minLength: 1, maxLength: 40 })
  @Omittable()
  @IsString()
  @MinLength(1)
  @MaxLength(40)
  participant?: string;

  @ApiPropertyOptional({ minLength: 1, maxLength: 200 })
  @Omittable()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  group?: string;
}
