import { asTenantId, tenantToCarry } from './carried-tenant.js';

/** What a queue keeps for a job that is done for one tenant; JSON, if `data` is. */
export interface TenantJob<T> {
  readonly tenantId: string;
  readonly data: T;
}

/**
 * A job's payload that carries its tenant.
 *
 * @param tenantId default: the tenant of the context that the caller is in.
 * @throws TenantContextMissing when there is neither.
 */
export function tenantJob<T>(data: T, tenantId?: string): TenantJob<T> {
  return { tenantId: tenantToCarry(tenantId), data };
}

/**
 * The payload of a job as its worker finds it, for `tenants.run(job.tenantId, () => work(job.data))`.
 *
 * @throws TenantContextMissing when it names no tenant.
 */
export function readTenantJob<T>(payload: unknown): TenantJob<T> {
  const { tenantId, data } = (payload ?? {}) as Partial<TenantJob<T>>;
  return { tenantId: asTenantId(tenantId, 'The job'), data: data as T };
}
