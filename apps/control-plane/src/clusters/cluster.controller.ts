import {
  ApiIfMatch,
  ApiProblems,
  InvalidRequest,
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
import { withLimits } from './capacity.js';
import { CLUSTER_NAME_PATTERN, isClusterName } from './cluster-name.js';
import {
  ClusterDto,
  ClusterPageDto,
  ClusterTenantPageDto,
  CreateClusterDto,
  UpdateClusterDto,
} from './cluster.dto.js';
import type { ClusterTenant, ClusterView } from './cluster.view.js';
import { CreateCluster } from './create-cluster.command.js';
import { GetCluster } from './get-cluster.query.js';
import { ListClusterTenants } from './list-cluster-tenants.query.js';
import { ListClusters } from './list-clusters.query.js';
import { UpdateCluster } from './update-cluster.command.js';

const CHANGEABLE = ['state', 'region', 'weight', 'capacity', 'labels'] as const;

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

  @Get(':name')
  @RequireRole('viewer')
  @ApiOperation({ summary: 'Read a cluster: its capacity, and how many tenants of each model are there.' })
  @ApiParam({ name: 'name', schema: { type: 'string', pattern: CLUSTER_NAME_PATTERN } })
  @ApiOkResponse({ type: ClusterDto })
  @ApiProblems(404)
  async get(
    @Param('name') name: string,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<ClusterView> {
    return withEtag(response, await this.queries.execute(new GetCluster(name)));
  }

  @Get(':name/tenants')
  @RequireRole('viewer')
  @ApiOperation({
    summary: 'List the tenants that have a place on a cluster: from their creation until they are purged.',
  })
  @ApiParam({ name: 'name', schema: { type: 'string', pattern: CLUSTER_NAME_PATTERN } })
  @ApiOkResponse({ type: ClusterTenantPageDto })
  @ApiProblems(404)
  tenants(@Param('name') name: string, @Query() { limit, cursor }: PageQuery): Promise<Page<ClusterTenant>> {
    return this.queries.execute(new ListClusterTenants(name, limit, cursor));
  }

  @Post()
  @RequireRole('admin')
  @Idempotent()
  @ApiOperation({ summary: 'Make a cluster known; data planes resolve its name to credentials.' })
  @ApiCreatedResponse({ type: ClusterDto })
  @ApiProblems(409)
  async create(
    @Body() { name, region, state = 'open', weight = 100, capacity = {}, labels = {} }: CreateClusterDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<ClusterView> {
    const cluster = { name, region, state, weight, capacity: withLimits({}, capacity), labels };
    return withEtag(response, await this.commands.execute(new CreateCluster(cluster, currentCaller())));
  }

  @Patch(':name')
  @RequireRole('admin')
  @ApiIfMatch({ required: false })
  @ApiOperation({
    summary:
      'Open, drain or close a cluster for new tenants, or change what they are placed by; those on it stay.',
  })
  @ApiParam({ name: 'name', schema: { type: 'string', pattern: CLUSTER_NAME_PATTERN } })
  @ApiOkResponse({ type: ClusterDto })
  @ApiProblems(404, 409)
  async update(
    @Param('name') name: string,
    @Body() changes: UpdateClusterDto,
    @OptionalIfMatch() ifMatch: IfMatch | undefined,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<ClusterView> {
    if (!isClusterName(name)) throw new NotFound('cluster');
    if (Object.values(changes).every((value) => value === undefined)) {
      const detail = `say what changes: ${CHANGEABLE.join(', ')}`;
      throw new InvalidRequest([{ in: 'body', pointer: '', detail }]);
    }
    const command = new UpdateCluster(name, { ...changes }, currentCaller(), ifMatch);
    return withEtag(response, await this.commands.execute(command));
  }
}

function withEtag(response: HttpResponse, cluster: ClusterView): ClusterView {
  response.setHeader('ETag', etagOf(cluster.version));
  return cluster;
}
