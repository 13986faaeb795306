import { isUuid } from '@tenantry/kernel';
import { TenantContextMissing } from '../errors.js';
import { currentTransaction } from '../tenant-context.js';

/**
 * The tenant that a message or a job is to carry: the given one, or that of the context that the caller is in. Only its
 * id travels; whoever receives it finds the route, and asks the fence, for itself.
 *
 * @throws TenantContextMissing when there is neither, or what is given is no tenant's id.
 */
export function tenantToCarry(tenantId?: string): string {
  return asTenantId(tenantId ?? currentTransaction().tenantId, 'What is to be sent');
}

/** @throws TenantContextMissing for what is no tenant's id. */
export function asTenantId(carried: unknown, what: string): string {
  if (typeof carried === 'string' && isUuid(carried)) return carried.toLowerCase();
  throw new TenantContextMissing(`${what} names no tenant.`);
}
