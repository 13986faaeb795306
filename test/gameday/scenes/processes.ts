import type { PlaceName } from '../places.ts';
import type { Scene } from './scene.ts';

/** A process that is gone: what it was needed for is what is noticed. */
function gone(place: PlaceName, trouble: string, alerts: readonly string[]): Scene {
  return {
    trouble,
    alerts,
    cause: ({ system }) => system.slot(place).hold(),
    mend: async ({ system }) => {
      system.slot(place).release();
      await system.slot(place).ready();
    },
  };
}

export const WORKER_GONE = gone('worker', 'the control plane has no worker', ['TenantryWorkerAbsent']);
export const RELAY_GONE = gone('relay', 'the control plane has no relay', ['TenantryRelayShardsUnowned']);

export const SERVICE_GONE: Scene = {
  ...gone('data-plane', 'a service is gone while a tenant is to be provisioned', [
    'TenantryServiceGone',
    'TenantryParticipantSilent',
    'TenantryTaskUnacknowledged',
    'TenantryOperationsOverdue',
    'TenantryNoProgress',
  ]),
  cause: async (stage) => {
    await stage.system.slot('data-plane').hold();
    await stage.create();
  },
};

export const VERIFIER_GONE: Scene = {
  ...gone('verifier', 'the verifier is gone while a tenant is to be purged', ['TenantryPurgeOverdue']),
  cause: async (stage) => {
    const { id, slug } = await stage.active();
    await stage.system.slot('verifier').hold();
    await stage.system.control.delete(`/v1/tenants/${id}?gracePeriod=PT0S&confirm=${slug}`);
  },
};
