import { finding, NOT_OURS } from './finding.js';
import type { OrphanFinding } from './orphan-report.js';
import { isAnothers } from './ownership.js';
import type { TenantObject } from './tenant-objects.js';
import { type Home, isWanted, routeOf, type TenantSituation } from './tenant-situation.js';

/** Objects named for another store are another service's, which looks after them; they are named here when nobody's. */
export function judgeForeign(home: Home, tenant: TenantSituation): OrphanFinding[] {
  return tenant.objects
    .filter((object) => object.store !== home.store && !isSomebodys(tenant, object))
    .map((object) => {
      const why = `It is named for store ${object.store}, where no state record places the tenant.`;
      return finding('foreign', tenant.tenantId, object, why, NOT_OURS);
    });
}

function isSomebodys(tenant: TenantSituation, object: TenantObject): boolean {
  return isAnothers(object) || (isWanted(tenant.record) && routeOf(tenant, object.store) !== undefined);
}
