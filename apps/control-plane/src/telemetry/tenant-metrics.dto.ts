import {
  OPERATION_KINDS,
  OPERATION_STATES,
  TENANT_STATES,
  type OperationKind,
  type OperationState,
  type TenantState,
} from '@tenantry/contracts';
import { ApiProperty } from '@nestjs/swagger';
import type {
  EndedOperations,
  ParticipantMetrics,
  RunningOperation,
  TenantMetrics,
} from './tenant-metrics.view.js';

const seconds = (description: string) => ({ type: 'number', minimum: 0, description }) as const;
const number = (description: string) => ({ type: 'integer', minimum: 0, description }) as const;

export class RunningOperationDto implements RunningOperation {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ enum: OPERATION_KINDS }) operation: OperationKind;
  @ApiProperty(seconds('Since the command, in seconds.')) seconds: number;
  @ApiProperty({ description: 'Whether it is past its deadline.' }) overdue: boolean;
}

export class EndedOperationsDto implements EndedOperations {
  @ApiProperty({ enum: OPERATION_KINDS }) operation: OperationKind;
  @ApiProperty({ enum: OPERATION_STATES }) outcome: OperationState;
  @ApiProperty(number('How many have ended like this.')) count: number;
  @ApiProperty(seconds('How long they took together, from the command to the end, in seconds.'))
  totalSeconds: number;
  @ApiProperty(seconds('How long the longest took.')) longestSeconds: number;
  @ApiProperty({ format: 'date-time' }) lastEndedAt: string;
}

export class ParticipantMetricsDto implements ParticipantMetrics {
  @ApiProperty({ example: 'billing' }) participant: string;
  @ApiProperty(number('How often it was asked for something, repetitions included.')) asked: number;
  @ApiProperty(number('How many of its tasks it has done.')) succeeded: number;
  @ApiProperty({ description: 'Whether the present generation waits for an answer of it.' }) waiting: boolean;
  @ApiProperty(seconds('For how long that has been asked for without a sign of progress; 0 when it is not.'))
  unacknowledgedSeconds: number;
  @ApiProperty(number('Facts of the tenant that it has parked.')) parkedFacts: number;
}

export class TenantOutboxDto {
  @ApiProperty(number('Messages about the tenant that have not left the control plane.')) pending: number;
  @ApiProperty(seconds('How long the oldest of them has waited.')) oldestSeconds: number;
}

export class TenantMetricsDto implements TenantMetrics {
  @ApiProperty({ format: 'uuid' }) tenantId: string;
  @ApiProperty({ format: 'date-time', description: 'All of it is of this moment.' }) at: string;
  @ApiProperty({ enum: TENANT_STATES }) state: TenantState;
  @ApiProperty(seconds('For how long it has been in this state.')) stateSeconds: number;
  @ApiProperty({ example: '12', description: 'The number of the last event that was made about it.' })
  tenantSeq: string;
  @ApiProperty({
    type: RunningOperationDto,
    nullable: true,
    description: 'The operation that has not ended.',
  })
  running: RunningOperationDto | null;
  @ApiProperty({
    type: [EndedOperationsDto],
    description: 'Operations that have ended, by kind and outcome.',
  })
  operations: readonly EndedOperationsDto[];
  @ApiProperty({
    type: [ParticipantMetricsDto],
    description: 'Everybody who was ever asked about the tenant.',
  })
  participants: readonly ParticipantMetricsDto[];
  @ApiProperty() outbox: TenantOutboxDto;
}
