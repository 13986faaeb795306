import { type Isolation, type Placement, tenantDatabaseName } from '@tenantry/contracts';
import { schemaOf } from '../schema-of.js';
import { PlacementRefused } from './request-errors.js';

/** Where the tenant's rows of this service's store are to be. */
export interface LocalPlacement {
  readonly isolation: Isolation;
  readonly cluster: string;
  /** The tenant's own database; null where it shares the service's on that cluster. */
  readonly database: string | null;
  readonly schema: string;
}

/** What a request's placements say about this service's store; undefined when nothing. */
export function placementOf(placements: readonly Placement[], store: string): Placement | undefined {
  return placements.find((candidate) => candidate.store === store);
}

/**
 * Where a request places this service's store. Database and schema have names that follow from the tenant's id and the
 * store, so the request may leave them out but not choose others.
 *
 * @throws PlacementRefused, final: for a missing store or another name.
 */
export function localPlacement(
  placements: readonly Placement[],
  tenantId: string,
  store: string,
): LocalPlacement {
  const placement = placementOf(placements, store);
  if (!placement) throw new PlacementRefused(`The request places no store named ${store}.`);
  const { isolation, cluster } = placement;
  const database = isolation === 'database' ? tenantDatabaseName(tenantId, store) : null;
  const schema = schemaOf(isolation, tenantId, store);
  for (const [what, said, expected] of [
    ['database', placement.database, database],
    ['schema', placement.schema, schema],
  ] as const)
    if (said !== null && said !== expected) {
      throw new PlacementRefused(
        `The ${what} of store ${store} must be ${expected ?? "the service's own"} for isolation ${isolation}; the request says otherwise.`,
      );
    }
  return { isolation, cluster, database, schema };
}
