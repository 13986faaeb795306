import type { Capability } from '@tenantry/contracts';

/**
 * Why a set of capabilities can't be declared; `undefined` when it can. A participant is asked, and counted, only for what it declares,
 * so a set that leaves the way back out would let a tenant be called active, or purged, past it; and whoever
 * destroys can't be the one who confirms that nothing is left.
 */
export function capabilitiesProblem(capabilities: readonly Capability[]): string | undefined {
  const lacks = (capability: Capability): boolean => !capabilities.includes(capability);
  if (!lacks('verify') && capabilities.length > 1)
    return 'verify stands alone: it is for a participant that does nothing else';
  if (!lacks('provision') && (lacks('reactivate') || lacks('purge'))) {
    return 'provision needs reactivate (which provisions what is missing) and purge (of what was provisioned)';
  }
  if (lacks('suspend') !== lacks('reactivate')) return 'suspend and reactivate go together';
  return undefined;
}

/** How many stores one participant may own: every tenant gets a route in each. */
export const MAX_STORES = 16;

/** Why these stores can't be declared of a participant with these capabilities; `undefined` when they can. */
export function storesProblem(
  capabilities: readonly Capability[],
  stores: readonly string[],
): string | undefined {
  if (stores.length > MAX_STORES) return `a participant owns at most ${MAX_STORES} stores`;
  if (capabilities.includes('verify') && stores.length > 0)
    return 'a participant that verifies owns no stores';
  return undefined;
}
