import { decodeCursor, pageOf, type Page } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import { isPlanName } from './plan-name.js';
import { PlanRule } from './plan-rule.entity.js';
import { toPlanRuleView, type PlanRuleView } from './plan-rule.view.js';

/** Plans' rules for reading: outside of any command's transaction. */
@Injectable()
export class PlanRuleReadModel {
  constructor(private readonly dataSource: DataSource) {}

  /** A page by plan. @throws InvalidRequest for a made-up cursor. */
  async list(limit: number, cursor?: string): Promise<Page<PlanRuleView>> {
    const rules = await this.dataSource.getRepository(PlanRule).find({
      where: cursor === undefined ? {} : { plan: MoreThan(decodeCursor(cursor, isPlanName)) },
      order: { plan: 'ASC' },
      take: limit + 1,
    });
    return pageOf(rules.map(toPlanRuleView), limit, ({ plan }) => plan);
  }

  /** `undefined` for a plan without a rule, and for a text that is no plan's name at all. */
  async find(plan: string): Promise<PlanRuleView | undefined> {
    if (!isPlanName(plan)) return undefined;
    const rule = await this.dataSource.getRepository(PlanRule).findOneBy({ plan });
    return rule ? toPlanRuleView(rule) : undefined;
  }
}
