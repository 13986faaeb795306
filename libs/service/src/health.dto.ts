import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import type { HealthFinding } from './health-report.js';

/** The answer of a probe that fails nothing. */
@ApiSchema({ name: 'Health' })
export class HealthDto {
  @ApiProperty({
    enum: ['ok', 'degraded'],
    description: '`degraded`, of `/healthz` alone: a person should look at a report; requests are served.',
  })
  status: 'ok' | 'degraded';

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { database: 'up' } })
  checks: Record<string, string>;

  @ApiPropertyOptional({
    type: 'object',
    description: 'What `/healthz` tells beside the checks, by name.',
    additionalProperties: {
      type: 'object',
      required: ['status'],
      properties: { status: { type: 'string', enum: ['ok', 'degraded'] } },
      additionalProperties: true,
    },
    example: { routes: { status: 'ok', stalenessSeconds: 0.4, alertAfterSeconds: 300 } },
  })
  reports?: Record<string, HealthFinding>;
}
