import type { Tx } from '../database/unit-of-work.js';
import type { Operation } from '../operations/operation.entity.js';
import { toRouteRecord } from '../routing/route-record.js';
import type { RouteStore } from '../routing/route.store.js';
import type { LifecycleEvent } from '../tenants/lifecycle-event.js';
import type { Tenant } from '../tenants/tenant.entity.js';
import type { Step } from './reconciliation.js';

/** What follows from an operation's end: access opens last, a purged tenant's routes go, and the fact is announced. */
export async function endingOf(tx: Tx, tenant: Tenant, operation: Operation, step: Step, routes: RouteStore): Promise<LifecycleEvent[]> {
  const { finish } = step;
  if (!finish) return [];
  const base = { operationId: operation.id, generation: operation.generation };
  if (finish.state === 'failed') {
    const { participant, error } = finish;
    return [{ type: 'tenant.operation_failed.v1', data: { ...base, kind: operation.kind, participant, error: error.slice(0, 2000) } }];
  }
  const fact = { ...base, state: step.state };
  switch (tenant.desired) {
    case 'active': {
      const opened = await routes.setAccessTx(tx, tenant.id, 'open', tenant.generation);
      return [
        { type: 'tenant.route_changed.v1', data: { routes: opened.map(toRouteRecord) } },
        { type: tenant.wasActive ? 'tenant.reactivated.v1' : 'tenant.provisioned.v1', data: fact },
      ];
    }
    case 'suspended':
      return [{ type: 'tenant.suspended.v1', data: fact }];
    case 'purged':
      await routes.deleteTx(tx, tenant.id);
      return [{ type: 'tenant.purged.v1', data: fact }];
  }
}
