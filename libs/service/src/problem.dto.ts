import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';

/** The schema of one entry of a problem's `errors`, for the OpenAPI document. */
@ApiSchema({ name: 'FieldError' })
export class FieldErrorDto {
  @ApiProperty({ enum: ['body', 'query', 'path', 'header'] })
  in: string;

  @ApiProperty({
    description: 'JSON pointer inside that part; empty for the part as a whole.',
    example: '/slug',
  })
  pointer: string;

  @ApiProperty()
  detail: string;
}

/** The schema of an error answer, for the OpenAPI document. */
@ApiSchema({ name: 'Problem' })
export class ProblemDto {
  @ApiProperty({ example: 'urn:tenantry:problem:not-found' })
  type: string;

  @ApiProperty()
  title: string;

  @ApiProperty({ type: 'integer', minimum: 400, maximum: 599 })
  status: number;

  @ApiProperty({ description: 'What went wrong this time, and what to try next.' })
  detail: string;

  @ApiProperty({ description: 'The path that was asked for.' })
  instance: string;

  @ApiProperty({ description: 'Stable and machine-readable.', example: 'not-found' })
  code: string;

  @ApiProperty()
  requestId: string;

  @ApiProperty({ pattern: '^[0-9a-f]{32}$' })
  traceId: string;

  @ApiPropertyOptional({ type: [FieldErrorDto] })
  errors?: FieldErrorDto[];
}
