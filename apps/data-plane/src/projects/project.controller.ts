import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import {
  ApiIfMatch,
  PageQuery,
  RequireRole,
  RequiredIfMatch,
  ResourceId,
  decodeCursor,
  etagOf,
  isUuid,
  pageOf,
  type HttpResponse,
  type IfMatch,
  type Page,
} from '@tenantry/service';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { TenantId, TenantScoped } from '../tenant-scoped.decorator.js';
import { NewProjectDto, ProjectChangeDto, ProjectDto, ProjectPageDto } from './project.dto.js';
import type { Project } from './project.store.js';
import { Projects } from './projects.js';

const PROJECT_ID = new ResourceId('project');
const ID_PARAM = { name: 'projectId', schema: { type: 'string', format: 'uuid' } } as const;
const ETAG = { ETag: { description: 'The version.', schema: { type: 'string' } } };

@ApiTags('projects')
@TenantScoped()
@Controller('v1/projects')
export class ProjectController {
  constructor(private readonly projects: Projects) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ summary: "The tenant's projects, in the order they were made." })
  @ApiOkResponse({ type: ProjectPageDto })
  async list(@TenantId() tenantId: string, @Query() { cursor, limit }: PageQuery): Promise<Page<ProjectDto>> {
    const after = cursor === undefined ? null : decodeCursor(cursor, isUuid);
    const page = pageOf(await this.projects.list(tenantId, after, limit + 1), limit, (project) => project.id);
    return { ...page, data: page.data.map(shown) };
  }

  @Post()
  @Idempotent()
  @RequireRole('operator')
  @ApiOperation({ summary: 'Make a project.' })
  @ApiCreatedResponse({ type: ProjectDto, headers: { ...ETAG, Location: { schema: { type: 'string' } } } })
  async create(
    @TenantId() tenantId: string,
    @Body() body: NewProjectDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<ProjectDto> {
    const project = await this.projects.create(tenantId, body);
    response.setHeader('Location', `/v1/projects/${project.id}`);
    return versioned(project, response);
  }

  @Get(':projectId')
  @RequireRole('viewer')
  @ApiOperation({ summary: 'One project.' })
  @ApiParam(ID_PARAM)
  @ApiOkResponse({ type: ProjectDto, headers: ETAG })
  async get(
    @TenantId() tenantId: string,
    @Param('projectId', PROJECT_ID) id: string,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<ProjectDto> {
    return versioned(await this.projects.get(tenantId, id), response);
  }

  @Patch(':projectId')
  @RequireRole('operator')
  @ApiOperation({ summary: 'Change the properties that are given.' })
  @ApiParam(ID_PARAM)
  @ApiIfMatch({ required: true })
  @ApiOkResponse({ type: ProjectDto, headers: ETAG })
  async change(
    @TenantId() tenantId: string,
    @Param('projectId', PROJECT_ID) id: string,
    @RequiredIfMatch() condition: IfMatch,
    @Body() body: ProjectChangeDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<ProjectDto> {
    return versioned(await this.projects.change(tenantId, id, condition, body), response);
  }

  @Delete(':projectId')
  @Idempotent()
  @RequireRole('operator')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a project and its documents.' })
  @ApiParam(ID_PARAM)
  @ApiIfMatch({ required: true })
  @ApiNoContentResponse()
  async delete(
    @TenantId() tenantId: string,
    @Param('projectId', PROJECT_ID) id: string,
    @RequiredIfMatch() condition: IfMatch,
  ): Promise<void> {
    await this.projects.delete(tenantId, id, condition);
  }
}

function shown(project: Project): ProjectDto {
  const { id, name, description, version, createdAt, updatedAt } = project;
  return {
    id,
    name,
    description,
    version,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

function versioned(project: Project, response: HttpResponse): ProjectDto {
  response.setHeader('ETag', etagOf(project.version));
  return shown(project);
}
