import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { Omittable, pageDto } from '@tenantry/service';
import { IsString, Length, MaxLength } from 'class-validator';
import { CONTENT_MAX_LENGTH, NAME_MAX_LENGTH, TEXT_PATTERN } from '../text-rules.js';

@ApiSchema({ name: 'NewDocument' })
export class NewDocumentDto {
  @ApiProperty({ minLength: 1, maxLength: NAME_MAX_LENGTH, pattern: TEXT_PATTERN })
  @IsString()
  @Length(1, NAME_MAX_LENGTH)
  title: string;

  @ApiPropertyOptional({ maxLength: CONTENT_MAX_LENGTH, pattern: TEXT_PATTERN, default: '' })
  @Omittable()
  @IsString()
  @MaxLength(CONTENT_MAX_LENGTH)
  content?: string;
}

@ApiSchema({ name: 'DocumentSummary' })
export class DocumentSummaryDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'uuid' })
  projectId: string;

  @ApiProperty()
  title: string;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}

@ApiSchema({ name: 'Document' })
export class DocumentDto extends DocumentSummaryDto {
  @ApiProperty()
  content: string;
}

/** Lists leave the contents out: a page of them could be ten megabytes. */
@ApiSchema({ name: 'DocumentPage' })
export class DocumentPageDto extends pageDto(DocumentSummaryDto) {}
