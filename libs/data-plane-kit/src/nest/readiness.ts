import type { ReadinessCheck } from '@tenantry/service';
import type { DataPlane } from '../data-plane.js';

/**
 * What must hold for a service to serve: its database, with the kit in it, migrated as this build expects. Neither the broker nor the control plane is
 * asked, since a data plane serves without them.
 */
export function dataPlaneReadiness(dataPlane: DataPlane): readonly ReadinessCheck[] {
  return [
    { name: 'database', check: () => dataPlane.checkReady() },
    { name: 'migrations', check: () => dataPlane.checkMigrations() },
  ];
}
