import type { Access, Isolation, StateRecord, TenantState } from '@tenantry/contracts';

export interface StateToTell {
  readonly tenantId: string;
  readonly state: TenantState;
  /** Of the operation that last changed the tenant; the record with the greater one is the newer. */
  readonly generation: number;
  /** Default: `schema`. */
  readonly isolation?: Isolation;
  /** The one store that the tenant has a route for. Default: `primary`. */
  readonly store?: string;
}

/** A state record as the state channel brings it; the route lets requests in when the tenant is ACTIVE. */
export function stateRecord({
  tenantId,
  state,
  generation,
  isolation = 'schema',
  store = 'primary',
}: StateToTell): StateRecord {
  const access: Access = state === 'ACTIVE' ? 'open' : 'frozen';
  return {
    tenantId,
    slug: `t-${tenantId}`,
    state,
    plan: 'standard',
    region: 'default',
    isolation,
    generation,
    version: generation,
    tenantSeq: String(generation),
    updatedAt: '2026-01-01T00:00:00Z',
    routes: [
      { store, isolation, cluster: 'default', database: null, schema: null, access, generation, revision: 1 },
    ],
  };
}
