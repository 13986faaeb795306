import {
  ApiIfMatch,
  ApiProblems,
  InvalidRequest,
  OptionalIfMatch,
  PageQuery,
  RequireRole,
  etagOf,
  type HttpResponse,
  type IfMatch,
  type Page,
} from '@tenantry/service';
import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { currentCaller } from '../audit/current-caller.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { IdempotentCommandBus } from '../idempotency/idempotent-command-bus.js';
import { GetPlanRule } from './get-plan-rule.query.js';
import { ListPlanRules } from './list-plan-rules.query.js';
import { PLAN_NAME_PATTERN, isPlanName } from './plan-name.js';
import type { PlanRuleView } from './plan-rule.view.js';
import { PlanRuleDto, PlanRulePageDto, PutPlanRuleDto } from './plan.dto.js';
import { PutPlanRule } from './put-plan-rule.command.js';
import { RemovePlanRule } from './remove-plan-rule.command.js';

const PLAN = { name: 'plan', schema: { type: 'string', pattern: PLAN_NAME_PATTERN } } as const;

@ApiTags('plans')
@Controller('v1/plans')
export class PlanController {
  constructor(
    private readonly commands: IdempotentCommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({ summary: 'List the plans that have a rule for placing tenants, by name.' })
  @ApiOkResponse({ type: PlanRulePageDto })
  list(@Query() { limit, cursor }: PageQuery): Promise<Page<PlanRuleView>> {
    return this.queries.execute(new ListPlanRules(limit, cursor));
  }

  @Get(':plan')
  @RequireRole('viewer')
  @ApiOperation({ summary: 'Read the rule for placing tenants of a plan.' })
  @ApiParam(PLAN)
  @ApiOkResponse({ type: PlanRuleDto })
  @ApiProblems(404)
  async get(
    @Param('plan') plan: string,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<PlanRuleView> {
    const rule = await this.queries.execute(new GetPlanRule(plan));
    response.setHeader('ETag', etagOf(rule.version));
    return rule;
  }

  @Put(':plan')
  @RequireRole('admin')
  @ApiIfMatch({ required: false })
  @ApiOperation({ summary: 'Say which models and which clusters are for new tenants of a plan.' })
  @ApiParam(PLAN)
  @ApiOkResponse({ type: PlanRuleDto, description: 'There was a rule, and it is as said now.' })
  @ApiCreatedResponse({ type: PlanRuleDto, description: 'It is new.' })
  async put(
    @Param('plan') plan: string,
    @Body() { isolations, clusterLabels = {} }: PutPlanRuleDto,
    @OptionalIfMatch() ifMatch: IfMatch | undefined,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<PlanRuleView> {
    if (!isPlanName(plan))
      throw new InvalidRequest([{ in: 'path', pointer: '/plan', detail: `must match ${PLAN_NAME_PATTERN}` }]);
    const command = new PutPlanRule({ plan, isolations, clusterLabels }, ifMatch, currentCaller());
    const { created, rule } = await this.commands.execute(command);
    response.statusCode = created ? 201 : 200;
    response.setHeader('ETag', etagOf(rule.version));
    return rule;
  }

  @Delete(':plan')
  @HttpCode(204)
  @RequireRole('admin')
  @Idempotent()
  @ApiIfMatch({ required: false })
  @ApiOperation({ summary: 'Take a plan’s rule back; its tenants stay where they are.' })
  @ApiParam(PLAN)
  @ApiNoContentResponse({ description: 'The plan has no rule any more.' })
  @ApiProblems(404)
  async remove(@Param('plan') plan: string, @OptionalIfMatch() ifMatch: IfMatch | undefined): Promise<void> {
    await this.commands.execute(new RemovePlanRule(plan, ifMatch, currentCaller()));
  }
}
