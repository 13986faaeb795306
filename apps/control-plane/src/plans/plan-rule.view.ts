import type { Isolation } from '@tenantry/contracts';
import type { PlanRule } from './plan-rule.entity.js';

/** A plan's rule as the world sees it. */
export interface PlanRuleView {
  readonly plan: string;
  readonly isolations: readonly Isolation[];
  readonly clusterLabels: Readonly<Record<string, string>>;
  /** Grows with every change; the ETag. */
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export function toPlanRuleView(rule: PlanRule): PlanRuleView {
  const { plan, isolations, clusterLabels, version, createdAt, updatedAt } = rule;
  return {
    plan,
    isolations,
    clusterLabels,
    version,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}
