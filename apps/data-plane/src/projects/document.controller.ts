import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import {
  PageQuery,
  RequireRole,
  ResourceId,
  decodeCursor,
  isUuid,
  pageOf,
  type HttpResponse,
  type Page,
} from '@tenantry/service';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { TenantId, TenantScoped } from '../tenant-scoped.decorator.js';
import { DocumentDto, DocumentPageDto, DocumentSummaryDto, NewDocumentDto } from './document.dto.js';
import type { Document, DocumentSummary } from './document.store.js';
import { Documents } from './documents.js';

const PROJECT_ID = new ResourceId('project');
const DOCUMENT_ID = new ResourceId('document');
const uuidParam = (name: string) => ({ name, schema: { type: 'string', format: 'uuid' } }) as const;

@ApiTags('documents')
@TenantScoped()
@ApiParam(uuidParam('projectId'))
@Controller('v1/projects/:projectId/documents')
export class DocumentController {
  constructor(private readonly documents: Documents) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ summary: "A project's documents, without their contents, in the order they were made." })
  @ApiOkResponse({ type: DocumentPageDto })
  async list(
    @TenantId() tenantId: string,
    @Param('projectId', PROJECT_ID) projectId: string,
    @Query() { cursor, limit }: PageQuery,
  ): Promise<Page<DocumentSummaryDto>> {
    const after = cursor === undefined ? null : decodeCursor(cursor, isUuid);
    const rows = await this.documents.list(tenantId, projectId, after, limit + 1);
    const page = pageOf(rows, limit, (document) => document.id);
    return { ...page, data: page.data.map(summary) };
  }

  @Post()
  @Idempotent()
  @RequireRole('operator')
  @ApiOperation({ summary: 'Add a document to a project.' })
  @ApiCreatedResponse({ type: DocumentDto, headers: { Location: { schema: { type: 'string' } } } })
  async create(
    @TenantId() tenantId: string,
    @Param('projectId', PROJECT_ID) projectId: string,
    @Body() body: NewDocumentDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<DocumentDto> {
    const document = await this.documents.create(tenantId, projectId, body);
    response.setHeader('Location', `/v1/projects/${projectId}/documents/${document.id}`);
    return whole(document);
  }

  @Get(':documentId')
  @RequireRole('viewer')
  @ApiOperation({ summary: 'One document with its content.' })
  @ApiParam(uuidParam('documentId'))
  @ApiOkResponse({ type: DocumentDto })
  async get(
    @TenantId() tenantId: string,
    @Param('projectId', PROJECT_ID) projectId: string,
    @Param('documentId', DOCUMENT_ID) id: string,
  ): Promise<DocumentDto> {
    return whole(await this.documents.get(tenantId, projectId, id));
  }

  @Delete(':documentId')
  @Idempotent()
  @RequireRole('operator')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a document.' })
  @ApiParam(uuidParam('documentId'))
  @ApiNoContentResponse()
  async delete(
    @TenantId() tenantId: string,
    @Param('projectId', PROJECT_ID) projectId: string,
    @Param('documentId', DOCUMENT_ID) id: string,
  ): Promise<void> {
    await this.documents.delete(tenantId, projectId, id);
  }
}

function summary({ id, projectId, title, createdAt }: DocumentSummary): DocumentSummaryDto {
  return { id, projectId, title, createdAt: createdAt.toISOString() };
}

function whole(document: Document): DocumentDto {
  return { ...summary(document), content: document.content };
}
