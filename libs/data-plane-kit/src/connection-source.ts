import type { RouteRecord } from '@tenantry/contracts';
import type { Pool } from 'pg';
import { ClusterUnknown } from './errors.js';
import { Loan } from './loan.js';

/** For whom a connection is wanted, and where the tenant lives. */
export interface Destination {
  readonly tenantId: string;
  readonly route: RouteRecord;
}

/** Lends connections of the serving login to the place where a tenant lives. */
export interface ConnectionSource {
  /** A connection outside any transaction; whoever borrows it ends the loan. */
  borrow(destination: Destination): Promise<Loan>;
}

/** Every tenant lives in the one database of this pool. One that has a database of its own is refused. */
export function onePlace(pool: Pool): ConnectionSource {
  return {
    borrow: async ({ tenantId, route }) => {
      if (route.isolation === 'database') throw new ClusterUnknown(tenantId, route.cluster);
      return Loan.from(pool);
    },
  };
}
