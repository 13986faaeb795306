import { formatDurationMs } from '@tenantry/kernel';
import type { Tenant } from './tenant.entity.js';
import { ConfirmationRequired, ConfirmationWrong } from './tenant.errors.js';

/** The installation's rules for grace periods, in milliseconds. */
export interface GraceRules {
  readonly defaultMs: number;
  /** Shorter ones have to be confirmed with the slug. */
  readonly minimumMs: number;
}

export const GRACE_RULES = Symbol('GRACE_RULES');

/** @throws ConfirmationRequired for an unconfirmed grace period under the minimum; ConfirmationWrong. */
export function checkGrace(
  rules: GraceRules,
  tenant: Pick<Tenant, 'slug'>,
  graceMs: number,
  confirm: string | undefined,
): void {
  // Refused even where no confirmation is needed: somebody means another tenant.
  if (confirm !== undefined && confirm !== tenant.slug) throw new ConfirmationWrong();
  if (confirm === undefined && graceMs < rules.minimumMs)
    throw new ConfirmationRequired(formatDurationMs(rules.minimumMs));
}
