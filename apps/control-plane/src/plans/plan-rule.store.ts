import type { Isolation } from '@tenantry/contracts';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { PlanRule } from './plan-rule.entity.js';

/** What an operator says of a plan. */
export interface NewPlanRule {
  readonly plan: string;
  readonly isolations: readonly Isolation[];
  readonly clusterLabels: Readonly<Record<string, string>>;
}

@Injectable()
export class PlanRuleStore {
  /** `null` for a plan without a rule. */
  findTx(tx: Tx, plan: string): Promise<PlanRule | null> {
    return tx.manager.findOneBy(PlanRule, { plan });
  }

  lockTx(tx: Tx, plan: string): Promise<PlanRule | null> {
    return tx.manager.findOne(PlanRule, { where: { plan }, lock: { mode: 'pessimistic_write' } });
  }

  /** @returns `undefined` when the plan has a rule. */
  async insertTx(tx: Tx, { plan, isolations, clusterLabels }: NewPlanRule): Promise<PlanRule | undefined> {
    const inserted = await tx.sql.query(
      `INSERT INTO tenantry.plan_rule (plan, isolations, cluster_labels, created_at, updated_at) VALUES ($1, $2, $3::jsonb, $4, $4)
       ON CONFLICT (plan) DO NOTHING RETURNING plan`,
      [plan, isolations, JSON.stringify(clusterLabels), tx.now],
    );
    return inserted.length === 0 ? undefined : tx.manager.findOneByOrFail(PlanRule, { plan });
  }

  /** Writes the locked rule anew, with a higher version. */
  replaceTx(tx: Tx, rule: PlanRule, { isolations, clusterLabels }: NewPlanRule): Promise<PlanRule> {
    rule.isolations = [...isolations];
    rule.clusterLabels = { ...clusterLabels };
    rule.version += 1;
    rule.updatedAt = tx.now;
    return tx.manager.save(PlanRule, rule);
  }

  async removeTx(tx: Tx, plan: string): Promise<void> {
    await tx.manager.delete(PlanRule, { plan });
  }
}
