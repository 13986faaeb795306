import {
  ContextRefused,
  FenceBehind,
  StaleRoute,
  TenantBusy,
  TenantContextConflict,
  type TenantError,
  TenantSuspended,
  TenantUnknown,
} from './errors.js';
import { detailOf, SQLSTATE, sqlStateOf } from './sql-errors.js';

export const REFUSAL_REASONS = [
  'absent',
  'closed',
  'busy',
  'stale',
  'ahead',
  'other-tenant',
  'token',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** What `tenantry.enter` said; stays inside the kit, which first tries what can be tried. */
export class FenceRefusal extends Error {
  constructor(
    readonly tenantId: string,
    readonly reason: RefusalReason,
    /** The fence's access, where there is a fence; what is wrong with the token, where that is why. */
    readonly access: string | undefined,
    options: ErrorOptions,
  ) {
    super(`The fence refuses: ${reason}.`, options);
  }

  /** As the caller of the kit sees it. */
  toTenantError(): TenantError {
    const options = { cause: this };
    switch (this.reason) {
      case 'absent':
        return new TenantUnknown(this.tenantId, options);
      case 'closed':
        return new TenantSuspended(this.tenantId, options);
      case 'busy':
        return new TenantBusy(this.tenantId, options);
      case 'stale':
        return new StaleRoute(this.tenantId, options);
      case 'ahead':
        return new FenceBehind(this.tenantId, options);
      case 'other-tenant':
        return new TenantContextConflict(options);
      case 'token':
        return new ContextRefused(this.access, options);
    }
  }
}

const REASONS: Readonly<Record<string, RefusalReason>> = {
  [SQLSTATE.refused]: 'token',
  [SQLSTATE.otherTenant]: 'other-tenant',
  [SQLSTATE.busy]: 'busy',
  [SQLSTATE.stale]: 'stale',
  [SQLSTATE.ahead]: 'ahead',
};

/** The refusal that an error of `enter` stands for; every other error as it is. */
export function asFenceRefusal(tenantId: string, error: unknown): unknown {
  const state = sqlStateOf(error);
  const detail = detailOf(error);
  if (state === SQLSTATE.closed) {
    return detail === 'absent'
      ? new FenceRefusal(tenantId, 'absent', undefined, { cause: error })
      : new FenceRefusal(tenantId, 'closed', detail, { cause: error });
  }
  const reason = state === undefined ? undefined : REASONS[state];
  return reason ? new FenceRefusal(tenantId, reason, detail, { cause: error }) : error;
}
