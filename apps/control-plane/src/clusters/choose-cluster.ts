import type { Isolation } from '@tenantry/contracts';
import type { ClusterState } from './cluster.entity.js';

/** A cluster of the wanted region, as far as one model is concerned. */
export interface Candidate {
  readonly name: string;
  readonly state: ClusterState;
  readonly weight: number;
  readonly labels: Readonly<Record<string, string>>;
  /** How many tenants of the model may be there; `null`: as many as come. */
  readonly capacity: number | null;
  /** How many tenants of the model are there, and have not been purged. */
  readonly tenants: number;
}

/** What a place is wanted for. */
export interface Wanted {
  readonly isolation: Isolation;
  readonly plan: string;
  /** What the plan's rule asks of a cluster. */
  readonly clusterLabels: Readonly<Record<string, string>>;
}

export const REFUSAL_REASONS = ['draining', 'closed', 'labels', 'full'] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Why a cluster cannot take the tenant, and what could be done about it. */
export interface ClusterRefusal {
  readonly cluster: string;
  readonly reason: RefusalReason;
  readonly detail: string;
}

/** Why this cluster cannot take a tenant; `undefined` when it can. */
export function refusalOf(candidate: Candidate, wanted: Wanted): ClusterRefusal | undefined {
  const { name, state, labels, capacity, tenants } = candidate;
  const { isolation, plan, clusterLabels } = wanted;
  const refusal = (reason: RefusalReason, detail: string): ClusterRefusal => ({
    cluster: name,
    reason,
    detail,
  });
  const lacking = Object.entries(clusterLabels).filter(([key, value]) => labels[key] !== value);
  if (lacking.length > 0) {
    const text = lacking.map(([key, value]) => `${key}=${value}`).join(', ');
    return refusal('labels', `${name} lacks the labels ${text}, which the plan "${plan}" asks for`);
  }
  if (state !== 'open')
    return refusal(state, `${name} is ${state}: open it with PATCH /v1/clusters/${name} {"state": "open"}`);
  if (capacity !== null && tenants >= capacity) {
    const patch = `PATCH /v1/clusters/${name} {"capacity": {"${isolation}": …}}`;
    const detail =
      capacity === 0
        ? `${name} takes no tenants of the model ${isolation}: let it with ${patch}`
        : `${name} has ${tenants} of ${capacity} tenants of the model ${isolation}: raise it with ${patch}`;
    return refusal('full', detail);
  }
  return undefined;
}

/**
 * The candidates in the order in which they are tried: the fewest tenants of the model for the cluster's weight first, counting the new
 * one; then the most room; then by name. The same counts always give the same order.
 */
export function inOrder(candidates: readonly Candidate[]): Candidate[] {
  return candidates.toSorted(
    (a, b) =>
      (a.tenants + 1) * b.weight - (b.tenants + 1) * a.weight ||
      roomOf(b) - roomOf(a) ||
      (a.name < b.name ? -1 : 1),
  );
}

/** Why this one, for whoever asks: of those that could take the tenant. */
export function whyChosen(chosen: Candidate, wanted: Wanted, able: number): string {
  const { tenants, weight, capacity } = chosen;
  const limit = capacity === null ? '' : ` of ${capacity}`;
  const here = `${tenants}${limit} tenants of the model ${wanted.isolation} at weight ${weight}`;
  return able === 1
    ? `the only one that can take it (${here})`
    : `the least loaded for its weight of ${able} that can take it (${here})`;
}

function roomOf({ capacity, tenants }: Candidate): number {
  return capacity === null ? Number.MAX_SAFE_INTEGER : capacity - tenants;
}
