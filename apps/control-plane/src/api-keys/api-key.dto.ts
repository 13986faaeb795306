import { Omittable, ROLES, pageDto, type Role } from '@tenantry/service';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsISO8601, IsIn, IsString, Matches, MaxLength } from 'class-validator';
import type { ApiKeyView } from './api-key.view.js';

/** Begins and ends with something visible. */
const NAME_PATTERN = '^\\S(.*\\S)?$';
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

export class CreateApiKeyDto {
  @ApiProperty({ minLength: 1, maxLength: 100, pattern: NAME_PATTERN, example: 'billing, production' })
  @IsString()
  @MaxLength(100)
  @Matches(new RegExp(NAME_PATTERN, 'u'))
  name: string;

  @ApiProperty({ enum: ROLES, description: 'Each role includes the ones before it.' })
  @IsIn(ROLES)
  role: Role;

  @ApiPropertyOptional({
    format: 'date-time',
    description: 'The key is refused from this time on; without it, it never expires.',
  })
  @Omittable()
  @IsString()
  @Matches(DATE_TIME, { message: 'expiresAt must be an RFC 3339 date and time' })
  @IsISO8601({ strict: true })
  expiresAt?: string;
}

export class ApiKeyDto implements ApiKeyView {
  @ApiProperty({ format: 'uuid' }) id: string;

  @ApiProperty() name: string;

  @ApiProperty({ enum: ROLES }) role: Role;

  @ApiProperty({ description: 'Who made it.' }) createdBy: string;

  @ApiProperty({ format: 'date-time' }) createdAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true }) expiresAt: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true }) revokedAt: string | null;
}

export class CreatedApiKeyDto extends ApiKeyDto {
  @ApiPropertyOptional({
    description: 'Shown this once and never again; an answer replayed for an Idempotency-Key lacks it.',
  })
  key?: string;
}

export class ApiKeyPageDto extends pageDto(ApiKeyDto) {}
