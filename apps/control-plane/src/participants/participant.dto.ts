import { CAPABILITIES, type Capability } from '@tenantry/contracts';
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
} from 'class-validator';
import { MAX_ACK_TIMEOUT_TEXT, MIN_ACK_TIMEOUT_TEXT } from './ack-timeout.js';
import type { ParticipantView } from './participant.view.js';

export const PARTICIPANT_NAME_PATTERN = '^[a-z][a-z0-9-]{0,39}$';
const STORE_PATTERN = '^[a-z][a-z0-9]{0,19}$';
const MAX_STORES = 16;

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
      'What it is asked for. provision needs reactivate and purge; suspend and reactivate go together.',
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

export class ParticipantDto implements ParticipantView {
  @ApiProperty({ pattern: PARTICIPANT_NAME_PATTERN, example: 'reference' }) name: string;

  @ApiProperty() required: boolean;

  @ApiProperty({ enum: CAPABILITIES, isArray: true }) capabilities: Capability[];

  @ApiProperty({ type: [String] }) stores: string[];

  @ApiProperty({ example: 'PT5M', description: 'ISO 8601 duration.' }) ackTimeout: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What its last heartbeat said that it runs.',
  })
  softwareVersion: string | null;

  @ApiProperty({ type: 'integer', description: 'Grows with every change; the ETag.' }) version: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true }) lastHeartbeatAt: string | null;

  @ApiProperty({ format: 'date-time' }) createdAt: string;

  @ApiProperty({ format: 'date-time' }) updatedAt: string;
}

export class ParticipantPageDto extends pageDto(ParticipantDto) {}
