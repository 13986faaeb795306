import { Omittable } from '@tenantry/service';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsString, IsUUID, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { RequiredReasonDto } from '../operations/operation.dto.js';
import { RECOVERY_KINDS, RECOVERY_STATES, type RecoveryKind, type RecoveryState } from './recovery.js';
import type { RecoveryView } from './recovery.view.js';

export class RecoveryDto implements RecoveryView {
  @ApiProperty({ format: 'uuid' }) id: string;

  @ApiProperty({ enum: RECOVERY_KINDS }) kind: RecoveryKind;

  @ApiProperty({ enum: RECOVERY_STATES, description: 'Pending until the participant has answered.' })
  state: RecoveryState;

  @ApiProperty({ format: 'uuid' }) tenantId: string;

  @ApiProperty({ example: 'billing' }) participant: string;

  @ApiProperty({ example: 'billing' }) group: string;

  @ApiProperty({ type: 'integer', description: 'The parked fact’s sequence; of a replay, where it begins.' })
  fromSeq: number;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Of a replay: the last event that it covers.',
  })
  toSeq: number | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true }) parkedId: string | null;

  @ApiProperty({ type: 'integer', description: 'How often the participant was asked.' }) attempts: number;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Facts that were applied; null until it has answered.',
  })
  applied: number | null;

  @ApiProperty({ type: String, nullable: true }) error: string | null;

  @ApiProperty({ example: 'api-key:0192b1c4-6b1e-7c6a-9f50-0c7a6f0f7f11' }) actor: string;

  @ApiProperty({ type: String, nullable: true }) reason: string | null;

  @ApiProperty({ format: 'date-time' }) requestedAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true }) finishedAt: string | null;
}

export class ReplayOrderDto extends RequiredReasonDto {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  tenantId: string;

  @ApiProperty({ description: 'Whose group it is.', pattern: '^[a-z][a-z0-9-]{0,39}$', example: 'billing' })
  @Matches(/^[a-z][a-z0-9-]{0,39}$/)
  participant: string;

  @ApiPropertyOptional({
    minLength: 1,
    maxLength: 200,
    description: 'The group; without it, the one with the participant’s own name.',
  })
  @Omittable()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  group?: string;

  @ApiProperty({
    type: 'integer',
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'The first sequence whose fact is applied again; all later ones follow.',
  })
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  fromSeq: number;
}
