import type { OperationKind, OperationState, TenantState } from '@tenantry/contracts';
import { blockedByWhom, type Blocker } from '../explaining/blockers.js';
import { explain } from '../explaining/explanation.js';
import type { Facts } from '../explaining/facts.js';
import type { PartStatus } from '../explaining/part.view.js';

/** An operation that needs somebody to look at it. */
export interface StuckView {
  readonly tenant: { readonly id: string; readonly slug: string; readonly state: TenantState };
  readonly operation: {
    readonly id: string;
    readonly kind: OperationKind;
    readonly state: OperationState;
    readonly generation: number;
    readonly actor: string;
    readonly createdAt: string;
    readonly deadline: string;
  };
  /** Who blocks it, in words. */
  readonly blockedBy: string;
  readonly blockers: readonly Blocker[];
  /** Those who have not acknowledged. */
  readonly participants: readonly StuckPart[];
}

export interface StuckPart {
  readonly participant: string;
  readonly status: PartStatus;
  readonly attempts: number;
  readonly lastError: string | null;
}

export function toStuckView(facts: Facts): StuckView {
  const { tenant, operation } = facts.rows;
  const { blockedBy, participants } = explain(facts).explanation;
  return {
    tenant: { id: tenant.id, slug: tenant.slug, state: tenant.state },
    operation: {
      id: operation.id,
      kind: operation.kind,
      state: operation.state,
      generation: operation.generation,
      actor: operation.actor,
      createdAt: operation.createdAt.toISOString(),
      deadline: operation.deadline.toISOString(),
    },
    blockedBy: blockedByWhom(blockedBy),
    blockers: blockedBy,
    participants: participants
      .filter(({ status }) => status !== 'done')
      .map(({ participant, status, attempts, lastError }) => ({ participant, status, attempts, lastError })),
  };
}
