import { Omittable, PageQuery, pageDto } from '@tenantry/service';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsISO8601, IsString, IsUUID, Matches, MaxLength } from 'class-validator';
import type { AuditEntryView, CheckpointView } from './audit.view.js';
import type { Json } from './canonical-json.js';

const TEXT_MAX = 300;
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const NOT_A_TIME = { message: '$property must be an RFC 3339 date and time' };

export class AuditQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @Omittable()
  @IsUUID()
  tenantId?: string;

  @ApiPropertyOptional({ maxLength: TEXT_MAX, example: 'system:reconciler' })
  @Omittable()
  @IsString()
  @MaxLength(TEXT_MAX)
  actor?: string;

  @ApiPropertyOptional({ maxLength: TEXT_MAX, example: 'tenant.suspend' })
  @Omittable()
  @IsString()
  @MaxLength(TEXT_MAX)
  action?: string;

  @ApiPropertyOptional({ maxLength: TEXT_MAX, example: 'clusters/default' })
  @Omittable()
  @IsString()
  @MaxLength(TEXT_MAX)
  resource?: string;

  @ApiPropertyOptional({ maxLength: TEXT_MAX, description: 'The X-Request-Id of the request that did it.' })
  @Omittable()
  @IsString()
  @MaxLength(TEXT_MAX)
  requestId?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Not before this time, to the millisecond.' })
  @Omittable()
  @IsString()
  @Matches(DATE_TIME, NOT_A_TIME)
  @IsISO8601({ strict: true })
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Before this time, to the millisecond.' })
  @Omittable()
  @IsString()
  @Matches(DATE_TIME, NOT_A_TIME)
  @IsISO8601({ strict: true })
  to?: string;
}

const anyObject = { type: 'object', additionalProperties: true, nullable: true } as const;

@ApiSchema({ name: 'AuditEntry' })
export class AuditEntryDto implements AuditEntryView {
  @ApiProperty({ format: 'uuid' }) id: string;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description:
      'Its place in the log, from 0 and without gaps; null until it is sequenced, about a second later.',
  })
  position: number | null;

  @ApiProperty({ type: String, nullable: true, description: 'RFC 9162 leaf hash, hex.' })
  leafHash: string | null;

  @ApiProperty({ format: 'date-time' }) at: string;

  @ApiProperty({ description: 'Who did it.', example: 'api-key:0192b1c4-6b1e-7c6a-9f50-0c7a6f0f7f11' })
  actor: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true }) tenantId: string | null;

  @ApiProperty({ example: 'tenant.suspend' }) action: string;

  @ApiProperty({ example: 'tenants/0192b1c4-6b1e-7c6a-9f50-0c7a6f0f7f11' }) resource: string;

  @ApiProperty({ type: String, nullable: true }) reason: string | null;

  @ApiProperty({ ...anyObject, description: 'What changed, as it was before.' }) before: Json;

  @ApiProperty({ ...anyObject, description: 'What changed, as it is since.' }) after: Json;

  @ApiProperty({ type: String, nullable: true }) requestId: string | null;

  @ApiProperty({ type: String, nullable: true }) traceId: string | null;
}

export class AuditPageDto extends pageDto(AuditEntryDto) {}

@ApiSchema({ name: 'Checkpoint' })
export class CheckpointDto implements CheckpointView {
  @ApiProperty({
    type: 'integer',
    minimum: 1,
    description: 'How many entries it covers: the positions below.',
  })
  treeSize: number;

  @ApiProperty({ description: 'RFC 9162 root hash, hex.' }) rootHash: string;

  @ApiProperty({ description: 'The signed note, to the byte (c2sp.org/tlog-checkpoint).' }) note: string;

  @ApiProperty({ description: 'The key, as in /.well-known/jwks.json.' }) kid: string;

  @ApiProperty({ format: 'date-time' }) createdAt: string;
}

export class CheckpointPageDto extends pageDto(CheckpointDto) {}
