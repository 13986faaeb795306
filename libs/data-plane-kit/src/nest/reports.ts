import type { HealthReport } from '@tenantry/service';
import type { DataPlane } from '../data-plane.js';

/** What `/healthz` of a service tells of its routes. Old ones are served by all the same: they say where a tenant is, the fence whether it is let in. */
export function dataPlaneReports(dataPlane: DataPlane): readonly HealthReport[] {
  return [
    {
      name: 'routes',
      read: () => {
        const { stalenessMs, alertAfterMs, isStale, isComplete, tenants } = dataPlane.routeHealth;
        return {
          status: isStale ? 'degraded' : 'ok',
          stalenessSeconds: Math.round(stalenessMs / 100) / 10,
          alertAfterSeconds: alertAfterMs / 1000,
          complete: isComplete,
          tenants,
        };
      },
    },
  ];
}
