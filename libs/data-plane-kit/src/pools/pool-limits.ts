/** How many connections serve requests, and for how long one is waited for. */
export interface PoolLimits {
  /** Of this process, to all clusters and by all logins together. Default: 50. */
  readonly total: number;
  /** By the shared login, to each cluster. Default: 10. */
  readonly shared: number;
  /** By all logins of tenants with databases of their own, to each cluster. Default: 20. */
  readonly dedicated: number;
  /**
   * In use by one tenant at once; its next request waits, though connections be free. Default: half of `shared`, so that no
   * tenant can take them all.
   */
  readonly perTenant: number;
  /** How long a request waits for its turn, in milliseconds. Default: 5000. */
  readonly waitMs: number;
}

/** The limits with what was left out. @throws RangeError for one that would let nobody in. */
export function poolLimits(given: Partial<PoolLimits> = {}): PoolLimits {
  const { total = 50, shared = 10, dedicated = 20, waitMs = 5000 } = given;
  const { perTenant = Math.ceil(shared / 2) } = given;
  const limits = { total, shared, dedicated, perTenant, waitMs };
  for (const [name, value] of Object.entries(limits))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`The limit ${name} must be at least 1.`);
  return limits;
}
