import {
  CAPABILITIES,
  OBSERVED_STATES,
  TENANT_STATES,
  type Capability,
  type ObservedState,
  type TenantState,
} from '@tenantry/contracts';
import { Omittable, pageDto } from '@tenantry/service';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsString,
  Matches,
  MaxLength,
  MinLength,
} from 'class-validator';
import { MAX_ACK_TIMEOUT_TEXT, MIN_ACK_TIMEOUT_TEXT } from './ack-timeout.js';
import { MAX_STORES } from './capability-rules.js';
import type { HeldTenant } from './held-tenants.js';
import {
  PARTICIPANT_STATUSES,
  type CatchingUpView,
  type ParticipantStatus,
  type ParticipantView,
  type RetirementView,
} from './participant.view.js';
import type { RetireParticipantResult } from './retire-participant.command.js';

export const PARTICIPANT_NAME_PATTERN = '^[a-z][a-z0-9-]{0,39}$';
const STORE_PATTERN = '^[a-z][a-z0-9]{0,19}$';

export class PutParticipantDto {
  @ApiProperty({ description: 'Whether tenants wait for it; an optional one only warns.' })
  @IsBoolean()
  required: boolean;

  @ApiProperty({
    enum: CAPABILITIES,
    isArray: true,
    uniqueItems: true,
    minItems: 1,
    description:
      'What it is asked for. provision needs reactivate and purge; suspend and reactivate go together; verify stands alone.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsIn(CAPABILITIES, { each: true })
  capabilities: Capability[];

  @ApiProperty({
    type: 'array',
    items: { type: 'string', pattern: STORE_PATTERN },
    uniqueItems: true,
    maxItems: MAX_STORES,
    example: ['primary'],
    description: 'The data stores it owns.',
  })
  @IsArray()
  @ArrayMaxSize(MAX_STORES)
  @ArrayUnique()
  @IsString({ each: true })
  @Matches(new RegExp(STORE_PATTERN), { each: true })
  stores: string[];

  @ApiPropertyOptional({
    type: String,
    default: 'PT5M',
    example: 'PT5M',
    maxLength: 40,
    description: `How long it may take to acknowledge before it is overdue: an ISO 8601 duration of days or smaller units from ${MIN_ACK_TIMEOUT_TEXT} to ${MAX_ACK_TIMEOUT_TEXT}.`,
  })
  @Omittable()
  @IsString()
  @MaxLength(40)
  ackTimeout?: string;
}

export class RetireParticipantQuery {
  @ApiProperty({ minLength: 1, maxLength: 500, description: 'For the audit.', example: 'replaced by ledger' })
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  reason: string;

  @ApiPropertyOptional({
    type: Boolean,
    default: false,
    description: 'true: although it holds tenants. Has to be confirmed.',
  })
  @Omittable()
  @IsIn(['true', 'false'])
  force?: string;

  @ApiPropertyOptional({ maxLength: 200, description: 'The participant’s name, to confirm force=true.' })
  @Omittable()
  @IsString()
  @MaxLength(200)
  confirm?: string;
}

export class ReportedDto {
  @ApiProperty({ type: [String] }) capabilities: Capability[];

  @ApiProperty({ type: [String] }) stores: string[];
}

export class CatchingUpDto implements CatchingUpView {
  @ApiProperty({ type: 'integer', description: 'How many tenants were there before it.' }) total: number;

  @ApiProperty({ type: 'integer' }) done: number;

  @ApiProperty({ type: 'integer' }) remaining: number;

  @ApiProperty({ format: 'date-time' }) startedAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Null while it goes on.' })
  endedAt: string | null;
}

export class RetirementDto implements RetirementView {
  @ApiProperty({ format: 'date-time' }) at: string;

  @ApiProperty() by: string;

  @ApiProperty({ type: String, nullable: true }) reason: string | null;
}

export class ParticipantDto implements ParticipantView {
  @ApiProperty({ pattern: PARTICIPANT_NAME_PATTERN, example: 'reference' }) name: string;

  @ApiProperty() required: boolean;

  @ApiProperty({ enum: CAPABILITIES, isArray: true }) capabilities: Capability[];

  @ApiProperty({ type: [String] }) stores: string[];

  @ApiProperty({ example: 'PT5M', description: 'ISO 8601 duration.' }) ackTimeout: string;

  @ApiProperty({
    enum: PARTICIPANT_STATUSES,
    description: 'silent: its last heartbeat is older than 90 s. A retired one is asked for nothing.',
  })
  status: ParticipantStatus;

  @ApiProperty({ enum: ['configuration', 'operator', 'heartbeat'], description: 'Who said so last.' })
  declaredBy: ParticipantView['declaredBy'];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What its last heartbeat said that it runs.',
  })
  softwareVersion: string | null;

  @ApiPropertyOptional({
    type: ReportedDto,
    description: 'What its last heartbeat said, once there was one.',
  })
  reported?: ReportedDto;

  @ApiProperty({
    type: [String],
    description: 'Where what it says of itself differs from what is declared, in words.',
  })
  mismatch: string[];

  @ApiPropertyOptional({
    type: CatchingUpDto,
    description: 'How far it is, or was, with the tenants from before it; left out where there were none.',
  })
  catchingUp?: CatchingUpDto;

  @ApiPropertyOptional({ type: RetirementDto, description: 'Present while it is retired.' })
  retirement?: RetirementDto;

  @ApiProperty({ type: 'integer', description: 'Grows with every change of what is declared; the ETag.' })
  version: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true }) firstHeartbeatAt: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true }) lastHeartbeatAt: string | null;

  @ApiProperty({ format: 'date-time' }) createdAt: string;

  @ApiProperty({ format: 'date-time' }) updatedAt: string;
}

export class ParticipantPageDto extends pageDto(ParticipantDto) {}

export class RetiredParticipantDto implements RetireParticipantResult {
  @ApiProperty({ type: ParticipantDto }) participant: ParticipantDto;

  @ApiProperty({ type: [String], description: 'What follows from it, in words.' }) consequences: string[];
}

export class HeldTenantDto implements HeldTenant {
  @ApiProperty({ format: 'uuid' }) tenantId: string;

  @ApiProperty() slug: string;

  @ApiProperty({ enum: TENANT_STATES }) state: TenantState;

  @ApiProperty({ enum: OBSERVED_STATES, description: 'Where it last acknowledged that the tenant is.' })
  observed: ObservedState;

  @ApiProperty({ type: 'integer', description: 'The generation that it acknowledged; 0 for none.' })
  generation: number;
}

export class HeldTenantPageDto extends pageDto(HeldTenantDto) {}
