import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { Omittable, pageDto } from '@tenantry/service';
import { IsString, Length, MaxLength } from 'class-validator';
import { DESCRIPTION_MAX_LENGTH, NAME_MAX_LENGTH, TEXT_PATTERN } from '../text-rules.js';

@ApiSchema({ name: 'NewProject' })
export class NewProjectDto {
  @ApiProperty({ minLength: 1, maxLength: NAME_MAX_LENGTH, pattern: TEXT_PATTERN })
  @IsString()
  @Length(1, NAME_MAX_LENGTH)
  name: string;

  @ApiPropertyOptional({ maxLength: DESCRIPTION_MAX_LENGTH, pattern: TEXT_PATTERN, default: '' })
  @Omittable()
  @IsString()
  @MaxLength(DESCRIPTION_MAX_LENGTH)
  description?: string;
}

@ApiSchema({ name: 'ProjectChange' })
export class ProjectChangeDto {
  @ApiPropertyOptional({ minLength: 1, maxLength: NAME_MAX_LENGTH, pattern: TEXT_PATTERN })
  @Omittable()
  @IsString()
  @Length(1, NAME_MAX_LENGTH)
  name?: string;

  @ApiPropertyOptional({ maxLength: DESCRIPTION_MAX_LENGTH, pattern: TEXT_PATTERN })
  @Omittable()
  @IsString()
  @MaxLength(DESCRIPTION_MAX_LENGTH)
  description?: string;
}

@ApiSchema({ name: 'Project' })
export class ProjectDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty()
  name: string;

  @ApiProperty()
  description: string;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Grows with every change; the ETag names it.' })
  version: number;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;

  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

@ApiSchema({ name: 'ProjectPage' })
export class ProjectPageDto extends pageDto(ProjectDto) {}
