import {
  DESIRED_STATES,
  OPERATION_KINDS,
  OPERATION_STATES,
  TASK_STATES,
  type DesiredState,
  type OperationKind,
  type OperationState,
  type TaskState,
} from '@tenantry/contracts';
import { Omittable, PageQuery, pageDto } from '@tenantry/service';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsString, IsUUID, MaxLength, MinLength } from 'class-validator';
import type { DecisionView, OperationView, TaskView } from './operation.view.js';

export class DecisionDto implements DecisionView {
  @ApiProperty({ enum: ['skip', 'attest'] }) kind: 'skip' | 'attest';

  @ApiProperty({ example: 'api-key:0192b1c4-6b1e-7c6a-9f50-0c7a6f0f7f11' }) by: string;

  @ApiProperty({ format: 'date-time' }) at: string;

  @ApiProperty({ type: String, nullable: true }) reason: string | null;
}

export class TaskDto implements TaskView {
  @ApiProperty({ example: 'reference' }) participant: string;

  @ApiProperty({ description: 'Whether the operation waits for it.' })
  required: boolean;

  @ApiProperty({ enum: TASK_STATES }) state: TaskState;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'How often the participant was asked.' })
  attempts: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    minimum: 0,
    maximum: 100,
    description: 'Percent done, by its own account.',
  })
  progress: number | null;

  @ApiProperty({ type: String, nullable: true }) lastError: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'What the participant showed for what it did.',
  })
  evidence: Record<string, unknown> | null;

  @ApiPropertyOptional({
    type: DecisionDto,
    description: 'Present when an operator decided to go on without this participant.',
  })
  decision?: DecisionDto;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'First asked at, or last shown progress at; overdue counts from here.',
  })
  addressedAt: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Asked again at.' })
  nextAttemptAt: string | null;

  @ApiProperty({ format: 'date-time' }) createdAt: string;

  @ApiProperty({ format: 'date-time' }) updatedAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true }) finishedAt: string | null;
}

export class OperationDto implements OperationView {
  @ApiProperty({ format: 'uuid' }) id: string;

  @ApiProperty({ format: 'uuid' }) tenantId: string;

  @ApiProperty({ enum: OPERATION_KINDS }) kind: OperationKind;

  @ApiProperty({ enum: OPERATION_STATES }) state: OperationState;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Grows with every operation on the tenant.' })
  generation: number;

  @ApiProperty({ enum: DESIRED_STATES, description: 'What the tenant should be once it has succeeded.' })
  desired: DesiredState;

  @ApiProperty({ description: 'Who asked for it.', example: 'api-key:0192b1c4-6b1e-7c6a-9f50-0c7a6f0f7f11' })
  actor: string;

  @ApiProperty({ type: String, nullable: true }) reason: string | null;

  @ApiProperty({ format: 'date-time', description: 'After this time it is overdue, but goes on.' })
  deadline: string;

  @ApiProperty({ format: 'date-time' }) createdAt: string;

  @ApiProperty({ format: 'date-time' }) updatedAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true }) finishedAt: string | null;

  @ApiProperty({ type: [TaskDto], description: 'One for each participant that was asked.' }) tasks: TaskDto[];
}

export class OperationPageDto extends pageDto(OperationDto) {}

export class OperationListQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @Omittable()
  @IsUUID()
  tenantId?: string;

  @ApiPropertyOptional({ enum: OPERATION_STATES })
  @Omittable()
  @IsIn(OPERATION_STATES)
  state?: OperationState;
}

/** Where a reason may be given. */
export class OptionalReasonDto {
  @ApiPropertyOptional({ minLength: 1, maxLength: 500, description: 'For the audit.' })
  @Omittable()
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  reason?: string;
}

/** Where a reason has to be given. */
export class RequiredReasonDto {
  @ApiProperty({ minLength: 1, maxLength: 500, description: 'For the audit.', example: 'host is lost' })
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  reason: string;
}
