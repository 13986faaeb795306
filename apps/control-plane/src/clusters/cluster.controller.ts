import {
  ApiIfMatch,
  ApiProblems,
  NotFound,
  OptionalIfMatch,
  PageQuery,
  RequireRole,
  etagOf,
  type HttpResponse,
  type IfMatch,
  type Page,
} from '@tenantry/service';
import { Body, Controller, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { currentCaller } from '../audit/current-caller.js';
import { IdempotentCommandBus } from '../idempotency/idempotent-command-bus.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { CLUSTER_NAME_PATTERN, isClusterName } from './cluster-name.js';
import { ClusterDto, ClusterPageDto, CreateClusterDto, UpdateClusterDto } from './cluster.dto.js';
import type { ClusterView } from './cluster.view.js';
import { CreateCluster } from './create-cluster.command.js';
import { ListClusters } from './list-clusters.query.js';
import { UpdateCluster } from './update-cluster.command.js';

@ApiTags('clusters')
@Controller('v1/clusters')
export class ClusterController {
  constructor(
    private readonly commands: IdempotentCommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ summary: 'List the Postgres servers that tenants can be placed on, by name.' })
  @ApiOkResponse({ type: ClusterPageDto })
  list(@Query() { limit, cursor }: PageQuery): Promise<Page<ClusterView>> {
    return this.queries.execute(new ListClusters(limit, cursor));
  }

  @Post()
  @RequireRole('admin')
  @Idempotent()
  @ApiOperation({ summary: 'Make a cluster known; data planes resolve its name to credentials.' })
  @ApiCreatedResponse({ type: ClusterDto })
  @ApiProblems(409)
  async create(
    @Body() { name, region }: CreateClusterDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<ClusterView> {
    return withEtag(response, await this.commands.execute(new CreateCluster(name, region, currentCaller())));
  }

  @Patch(':name')
  @RequireRole('admin')
  @ApiIfMatch({ required: false })
  @ApiOperation({ summary: 'Open, drain or close a cluster for new tenants; those on it stay.' })
  @ApiParam({ name: 'name', schema: { type: 'string', pattern: CLUSTER_NAME_PATTERN } })
  @ApiOkResponse({ type: ClusterDto })
  @ApiProblems(404)
  async update(
    @Param('name') name: string,
    @Body() { state }: UpdateClusterDto,
    @OptionalIfMatch() ifMatch: IfMatch | undefined,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<ClusterView> {
    if (!isClusterName(name)) throw new NotFound('cluster');
    const command = new UpdateCluster(name, state, currentCaller(), ifMatch);
    return withEtag(response, await this.commands.execute(command));
  }
}

function withEtag(response: HttpResponse, cluster: ClusterView): ClusterView {
  response.setHeader('ETag', etagOf(cluster.version));
  return cluster;
}
