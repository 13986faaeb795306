import { ApiProperty, ApiSchema } from '@nestjs/swagger';

/** The answer of a probe that is well. */
@ApiSchema({ name: 'Health' })
export class HealthDto {
  @ApiProperty({ enum: ['ok'] })
  status: 'ok';

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { database: 'up' } })
  checks: Record<string, string>;
}
