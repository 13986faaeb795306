import type { StateRecord } from '@tenantry/contracts';

/** How long a tenant's statements may take, in milliseconds; what is not given stays as the login has it. */
export interface TenantLimits {
  /** For one statement. */
  readonly statementTimeoutMs?: number;
  /** For the wait for one lock. */
  readonly lockTimeoutMs?: number;
}

/** The limits of a tenant, usually by its plan. Called for each transaction, so it only looks something up. */
export type LimitsOf = (record: StateRecord) => TenantLimits;

/** As settings of Postgres: name and value. @throws RangeError for what is no positive number of milliseconds. */
export function timeoutSettings({ statementTimeoutMs, lockTimeoutMs }: TenantLimits): [string, string][] {
  return [...setting('statement_timeout', statementTimeoutMs), ...setting('lock_timeout', lockTimeoutMs)];
}

function setting(name: string, ms: number | undefined): [string, string][] {
  if (ms === undefined) return [];
  // 0 would mean no limit at all, which is hardly what a fraction below one, or a slip, wants to say.
  if (!Number.isSafeInteger(Math.ceil(ms)) || ms <= 0)
    throw new RangeError(`${name} must be a number of milliseconds above 0`);
  return [[name, `${Math.ceil(ms)}ms`]];
}
