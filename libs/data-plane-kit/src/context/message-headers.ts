import { TenantContextMissing } from '../errors.js';
import { asTenantId, tenantToCarry } from './carried-tenant.js';

/** The header of a Kafka message, of HTTP, or of any other carrier with headers, that names its tenant. */
export const TENANT_HEADER = 'tenantry-tenant';

/** Headers as kafkajs and Node's HTTP have them. */
export type CarriedHeaders = Readonly<
  Record<string, string | Buffer | readonly (string | Buffer)[] | undefined>
>;

/**
 * The headers with which a message carries its tenant.
 *
 * @param tenantId default: the tenant of the context that the caller is in.
 * @throws TenantContextMissing when there is neither.
 */
export function tenantHeaders(tenantId?: string): Record<typeof TENANT_HEADER, string> {
  return { [TENANT_HEADER]: tenantToCarry(tenantId) };
}

/**
 * The tenant that a message is about, for `tenants.run(tenantOfHeaders(message.headers), …)`. Believe it from senders that may
 * speak for every tenant: from your own topics, never from a customer's request.
 *
 * @throws TenantContextMissing when the message names none, or more than one.
 */
export function tenantOfHeaders(headers: CarriedHeaders | undefined): string {
  const found = Object.entries(headers ?? {})
    .filter(([name]) => name.toLowerCase() === TENANT_HEADER)
    .flatMap(([, value]) => value ?? [])
    .map((value) => value.toString());
  if (new Set(found).size > 1) throw new TenantContextMissing('The message names more than one tenant.');
  return asTenantId(found[0], 'The message');
}
