import { Omittable, ROLES, pageDto, type Role } from '@tenantry/service';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsISO8601, IsIn, IsString, Matches, MaxLength, ValidateBy } from 'class-validator';
import type { ApiKeyView } from './api-key.view.js';

/** Begins and ends with something visible. */
const NAME_PATTERN = '^\\S(.*\\S)?$';
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const LAST_TIME = Date.parse('9999-12-31T23:59:59.999Z');

/** RFC 3339 has years of four digits; an offset can carry a time that has them beyond, in UTC. */
function HasFourDigitYear(): PropertyDecorator {
  return ValidateBy({
    name: 'hasFourDigitYear',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && Date.parse(value) <= LAST_TIME,
      defaultMessage: () => 'expiresAt must be before the year 10000 in UTC',
    },
  });
}

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
  @HasFourDigitYear()
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
