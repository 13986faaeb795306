import {
  DESIRED_STATES,
  OBSERVED_STATES,
  OPERATION_KINDS,
  OPERATION_STATES,
  TASK_STATES,
  TENANT_STATES,
  type DesiredState,
  type ObservedState,
  type OperationKind,
  type OperationState,
  type RequestType,
  type TaskState,
  type TenantState,
} from '@tenantry/contracts';
import { ROLES, type Role } from '@tenantry/service';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ConditionDto, DeletionDto, OperatorMarkDto } from '../tenants/tenant.dto.js';
import { ACTIONS, type Action, type ActionField, type ActionName } from './actions.js';
import { BLOCKER_KINDS, type Blocker, type BlockerKind } from './blockers.js';
import type { ParkedMark } from './parked-mark.js';
import type { ExplainedOperation, Explanation, LastError, SupersededOperation } from './explanation.js';
import { NEXT_STEPS, type NextStep, type NextStepKind } from './next-steps.js';
import { PART_STATUSES, type DecisionView, type PartStatus, type PartView } from './part.view.js';

const nullableText = { type: String, nullable: true } as const;
const nullableTime = { type: String, format: 'date-time', nullable: true } as const;

export class BlockerDto implements Blocker {
  @ApiProperty({ enum: BLOCKER_KINDS }) kind: BlockerKind;
  @ApiProperty(nullableText) participant: string | null;
  @ApiProperty(nullableTime) since: string | null;
  @ApiProperty({ example: 'billing was last heard from at 2026-01-01 03:02:11 UTC; it was asked twice.' })
  message: string;
}

export class PartDecisionDto implements DecisionView {
  @ApiProperty({ enum: ['skip', 'attest'] }) decision: 'skip' | 'attest';
  @ApiProperty() by: string;
  @ApiProperty({ format: 'date-time' }) at: string;
  @ApiProperty(nullableText) reason: string | null;
}

export class PartDto implements PartView {
  @ApiProperty({ example: 'reference' }) participant: string;
  @ApiProperty({
    type: String,
    example: 'tenant.suspension_requested.v1',
    description: 'What it is asked for.',
  })
  request: RequestType;
  @ApiProperty() required: boolean;
  @ApiProperty({ description: 'Whether the tenant’s state waits for it.' }) waitedFor: boolean;
  @ApiProperty({ enum: PART_STATUSES }) status: PartStatus;
  @ApiProperty() message: string;
  @ApiProperty({ type: [String] }) stores: readonly string[];
  @ApiProperty({ enum: OBSERVED_STATES, description: 'Where it last acknowledged that the tenant is.' })
  observed: ObservedState;
  @ApiProperty({ type: 'integer' }) observedGeneration: number;
  @ApiProperty({ description: 'Whether it works off what the tenant reached without it.' })
  catchingUp: boolean;
  @ApiProperty({ enum: [...TASK_STATES, null], type: String, nullable: true }) taskState: TaskState | null;
  @ApiProperty({ type: 'integer', minimum: 0 }) attempts: number;
  @ApiProperty({ type: Number, nullable: true, description: 'Percent.' }) progress: number | null;
  @ApiProperty({ type: Boolean, nullable: true }) retryable: boolean | null;
  @ApiProperty(nullableText) lastError: string | null;
  @ApiProperty(nullableTime) askedAt: string | null;
  @ApiProperty(nullableTime) waitingSince: string | null;
  @ApiProperty(nullableTime) overdueSince: string | null;
  @ApiProperty(nullableTime) nextAttemptAt: string | null;
  @ApiProperty({ ...nullableTime, description: 'Its last sign of life; null: it never came up.' })
  heardAt: string | null;
  @ApiProperty(nullableTime) retiredAt: string | null;
  @ApiPropertyOptional({
    type: PartDecisionDto,
    description: 'That an operator decided to go on without it.',
  })
  decision?: PartDecisionDto;
}

export class SupersededOperationDto implements SupersededOperation {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ enum: OPERATION_KINDS }) kind: OperationKind;
  @ApiProperty({ enum: OPERATION_STATES }) state: OperationState;
  @ApiProperty() actor: string;
}

export class ExplainedOperationDto implements ExplainedOperation {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ enum: OPERATION_KINDS }) kind: OperationKind;
  @ApiProperty({ enum: OPERATION_STATES }) state: OperationState;
  @ApiProperty({ type: 'integer' }) generation: number;
  @ApiProperty() actor: string;
  @ApiProperty(nullableText) reason: string | null;
  @ApiProperty({ format: 'date-time' }) createdAt: string;
  @ApiProperty({ format: 'date-time' }) deadline: string;
  @ApiProperty() overdue: boolean;
  @ApiProperty(nullableTime) finishedAt: string | null;
  @ApiPropertyOptional({
    type: SupersededOperationDto,
    description: 'What it took the place of before that had ended.',
  })
  superseded?: SupersededOperationDto;
  @ApiProperty() message: string;
}

export class LastErrorDto implements LastError {
  @ApiProperty({ ...nullableText, description: 'Null: it is the control plane’s own.' })
  participant: string | null;
  @ApiProperty() message: string;
  @ApiProperty(nullableTime) at: string | null;
}

export class NextStepDto implements NextStep {
  @ApiProperty({ enum: NEXT_STEPS }) kind: NextStepKind;
  @ApiProperty(nullableText) participant: string | null;
  @ApiProperty({ ...nullableTime, description: 'Null: at once, or when what it waits for has come.' })
  at: string | null;
  @ApiProperty() message: string;
}

export class ActionFieldDto implements ActionField {
  @ApiProperty() name: string;
  @ApiProperty({ enum: ['header', 'query', 'body'] }) in: 'header' | 'query' | 'body';
  @ApiProperty() required: boolean;
  @ApiProperty() description: string;
}

export class ActionDto implements Action {
  @ApiProperty({ enum: ACTIONS }) action: ActionName;
  @ApiProperty({ ...nullableText, description: 'Whose task it is about.' }) participant: string | null;
  @ApiProperty({ enum: ['POST', 'PUT', 'PATCH', 'DELETE'] }) method: Action['method'];
  @ApiProperty({ example: '/v1/tenants/01890000-0000-7000-8000-000000000000/suspend' }) href: string;
  @ApiProperty({ enum: ROLES, description: 'The least role that may do it.' }) role: Role;
  @ApiProperty({ type: [ActionFieldDto] }) fields: readonly ActionFieldDto[];
  @ApiProperty({ description: 'What it would do.' }) effect: string;
  @ApiProperty({ ...nullableText, description: 'Why it would help now; null: it would not.' })
  helps: string | null;
}

export class ParkedMarkDto implements ParkedMark {
  @ApiProperty({ format: 'uuid', description: 'More of it at /v1/parked/{id}.' }) id: string;
  @ApiProperty() participant: string;
  @ApiProperty({ description: 'The group of the participant that holds it back.' }) group: string;
  @ApiProperty({ type: 'integer' }) tenantSeq: number;
  @ApiProperty({ example: 'tenant.updated.v1' }) eventType: string;
  @ApiProperty() error: string;
  @ApiProperty({ format: 'date-time' }) since: string;
}

export class ExplanationDto implements Explanation {
  @ApiProperty({ format: 'uuid' }) tenantId: string;
  @ApiProperty() slug: string;
  @ApiProperty({ format: 'date-time', description: 'When all of this held, by the database’s clock.' })
  at: string;
  @ApiProperty({ description: 'Two or three plain sentences.' }) summary: string;
  @ApiProperty({ enum: TENANT_STATES }) state: TenantState;
  @ApiProperty({ format: 'date-time' }) since: string;
  @ApiProperty({ enum: DESIRED_STATES }) desired: DesiredState;
  @ApiProperty({ type: 'integer' }) generation: number;
  @ApiProperty({ type: 'integer' }) version: number;
  @ApiProperty({ type: [ConditionDto] }) conditions: readonly ConditionDto[];
  @ApiPropertyOptional({ type: OperatorMarkDto }) paused?: OperatorMarkDto;
  @ApiPropertyOptional({ type: OperatorMarkDto }) legalHold?: OperatorMarkDto;
  @ApiPropertyOptional({ type: DeletionDto }) deletion?: DeletionDto;
  @ApiProperty({ type: ExplainedOperationDto, description: 'Of the tenant’s current generation.' })
  operation: ExplainedOperationDto;
  @ApiProperty({ type: [PartDto], description: 'Who stands most in the way first.' })
  participants: readonly PartDto[];
  @ApiProperty({ type: [BlockerDto], description: 'Empty: nobody blocks it.' })
  blockedBy: readonly BlockerDto[];
  @ApiPropertyOptional({ type: LastErrorDto }) lastError?: LastErrorDto;
  @ApiPropertyOptional({
    type: [ParkedMarkDto],
    description: 'Facts that participants could not apply, if any; they are in no state’s way.',
  })
  parkedFacts?: readonly ParkedMarkDto[];
  @ApiProperty({ type: [NextStepDto] }) next: readonly NextStepDto[];
  @ApiProperty({ type: [ActionDto], description: 'What an operator can do now, what helps first.' })
  actions: readonly ActionDto[];
}
