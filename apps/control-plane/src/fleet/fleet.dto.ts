import {
  OBSERVED_STATES,
  OPERATION_KINDS,
  OPERATION_STATES,
  TASK_STATES,
  TENANT_STATES,
  type ObservedState,
  type OperationKind,
  type OperationState,
  type TaskState,
  type TenantState,
} from '@tenantry/contracts';
import { Omittable, PageQuery, pageDto } from '@tenantry/service';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsString, Matches } from 'class-validator';
import { BlockerDto } from '../explaining/explanation.dto.js';
import { PART_STATUSES, type PartStatus } from '../explaining/part.view.js';
import { PARTICIPANT_NAME_PATTERN } from '../participants/participant.dto.js';
import type { MatrixCell, MatrixRow } from './matrix.view.js';
import type { StuckPart, StuckView } from './stuck.view.js';

class StuckTenantDto {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty() slug: string;
  @ApiProperty({ enum: TENANT_STATES }) state: TenantState;
}

class StuckOperationDto {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ enum: OPERATION_KINDS }) kind: OperationKind;
  @ApiProperty({ enum: OPERATION_STATES }) state: OperationState;
  @ApiProperty({ type: 'integer' }) generation: number;
  @ApiProperty() actor: string;
  @ApiProperty({ format: 'date-time' }) createdAt: string;
  @ApiProperty({ format: 'date-time', description: 'The list is in this order, the oldest first.' })
  deadline: string;
}

class StuckPartDto implements StuckPart {
  @ApiProperty() participant: string;
  @ApiProperty({ enum: PART_STATUSES }) status: PartStatus;
  @ApiProperty({ type: 'integer' }) attempts: number;
  @ApiProperty({ type: String, nullable: true }) lastError: string | null;
}

export class StuckDto implements StuckView {
  @ApiProperty({ type: StuckTenantDto }) tenant: StuckTenantDto;
  @ApiProperty({ type: StuckOperationDto }) operation: StuckOperationDto;
  @ApiProperty({ description: 'Who blocks it, in words.', example: 'billing and search' }) blockedBy: string;
  @ApiProperty({ type: [BlockerDto] }) blockers: readonly BlockerDto[];
  @ApiProperty({ type: [StuckPartDto], description: 'Those who have not acknowledged.' })
  participants: readonly StuckPartDto[];
}

export class StuckPageDto extends pageDto(StuckDto) {}

class MatrixOperationDto {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ enum: OPERATION_KINDS }) kind: OperationKind;
  @ApiProperty({ enum: OPERATION_STATES }) state: OperationState;
}

class MatrixCellDto implements MatrixCell {
  @ApiProperty() participant: string;
  @ApiProperty({ enum: OBSERVED_STATES }) observed: ObservedState;
  @ApiProperty({ type: 'integer' }) observedGeneration: number;
  @ApiProperty({
    type: Boolean,
    nullable: true,
    description:
      'Whether it is where the tenant should be, at its generation; null: it is not asked for this.',
  })
  satisfied: boolean | null;
  @ApiProperty({ description: 'Whether the tenant’s state waits for it.' }) waitedFor: boolean;
  @ApiProperty({ enum: [...TASK_STATES, null], type: String, nullable: true }) taskState: TaskState | null;
  @ApiProperty({ type: 'integer' }) attempts: number;
}

export class MatrixRowDto implements MatrixRow {
  @ApiProperty({ format: 'uuid' }) tenantId: string;
  @ApiProperty() slug: string;
  @ApiProperty({ enum: TENANT_STATES }) state: TenantState;
  @ApiProperty({ type: 'integer' }) generation: number;
  @ApiProperty({ type: MatrixOperationDto }) operation: MatrixOperationDto;
  @ApiProperty({ type: [MatrixCellDto], description: 'Those who have to do with the tenant, by name.' })
  cells: readonly MatrixCellDto[];
}

export class MatrixPageDto extends pageDto(MatrixRowDto) {}

export class MatrixQuery extends PageQuery {
  @ApiPropertyOptional({ enum: TENANT_STATES })
  @Omittable()
  @IsIn(TENANT_STATES)
  state?: TenantState;

  @ApiPropertyOptional({ pattern: PARTICIPANT_NAME_PATTERN, description: 'Its column alone.' })
  @Omittable()
  @IsString()
  @Matches(new RegExp(PARTICIPANT_NAME_PATTERN))
  participant?: string;

  @ApiPropertyOptional({
    enum: ['true', 'false'],
    default: 'false',
    description:
      'true: only tenants with a participant that is not where the tenant should be. An optional one counts once it is overdue.',
  })
  @Omittable()
  @IsIn(['true', 'false'])
  behind?: 'true' | 'false';
}
