import type { Capability } from '@tenantry/contracts';

/**
 * Why a set of capabilities can't be declared; `undefined` when it can. A participant is asked, and counted, only for what it declares,
 * so a set that leaves the way back out would let a tenant be called active, or purged, past it.
 */
export function capabilitiesProblem(capabilities: readonly Capability[]): string | undefined {
  const lacks = (capability: Capability): boolean => !capabilities.includes(capability);
  if (!lacks('provision') && (lacks('reactivate') || lacks('purge'))) {
    return 'provision needs reactivate (which provisions what is missing) and purge (of what was provisioned)';
  }
  if (lacks('suspend') !== lacks('reactivate')) return 'suspend and reactivate go together';
  return undefined;
}
