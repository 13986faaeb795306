import type { Placement } from '@tenantry/contracts';
import { schemaOf } from '../schema-of.js';
import { PlacementRefused } from './request-errors.js';

/** Where the tenant's rows of this service's store are to be. */
export interface LocalPlacement {
  readonly isolation: 'pooled' | 'schema';
  readonly schema: string;
}

/**
 * What a request's placements say about this service's store. The schema's name follows from the tenant's id and the
 * store, so the request may leave it out but not choose another.
 *
 * @throws PlacementRefused, final: for a missing store, another name, or isolation `database`, which is not there yet.
 */
export function localPlacement(
  placements: readonly Placement[],
  tenantId: string,
  store: string,
): LocalPlacement {
  const placement = placements.find((candidate) => candidate.store === store);
  if (!placement) throw new PlacementRefused(`The request places no store named ${store}.`);
  const { isolation } = placement;
  if (isolation === 'database') {
    throw new PlacementRefused('Isolation database is not supported by this version; use pooled or schema.');
  }
  const schema = schemaOf(isolation, tenantId, store);
  if (placement.schema !== null && placement.schema !== schema) {
    throw new PlacementRefused(
      `The schema of store ${store} must be ${schema} for isolation ${isolation}; the request says otherwise.`,
    );
  }
  return { isolation, schema };
}
