import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { placeOn } from '../routing/placement.js';
import { toRouteRecord } from '../routing/route-record.js';
import type { Route } from '../routing/route.entity.js';
import { RouteStore } from '../routing/route.store.js';
import type { LifecycleEvent } from '../tenants/lifecycle-event.js';
import { observedWhenDone } from '../tenants/tenant.js';
import type { Tenant } from '../tenants/tenant.entity.js';
import { TenantPlacement } from '../tenants/tenant-placement.js';
import type { Step } from './reconciliation.js';
import type { TenantRows } from './situation.reader.js';

/** Whether the tenant has a place in every store, and its routes by store. */
export interface Placed {
  readonly placed: 'placed' | 'placed-now' | 'waiting' | 'unplaceable' | 'gone';
  readonly routes: readonly Route[];
}

/** Gives a tenant its routes, opens them last, and takes them away in the end. */
@Injectable()
export class TenantPlacer {
  constructor(
    private readonly routes: RouteStore,
    private readonly placement: TenantPlacement,
  ) {}

  /** Makes the routes that are missing: all of a new tenant's, and those in stores of services that came later. */
  async placeTx(tx: Tx, rows: TenantRows): Promise<Placed> {
    const { tenant, routes } = rows;
    if (tenant.desired === 'purged') return { placed: 'gone', routes };
    const missing = missingStores(rows);
    if (tenant.pausedAt !== null) return { placed: 'waiting', routes };
    if (missing.length === 0) return { placed: routes.length > 0 ? 'placed' : 'unplaceable', routes };
    const cluster = routes[0]?.cluster ?? (await this.placement.clusterTx(tx, tenant));
    if (cluster === undefined) return { placed: 'unplaceable', routes };
    const added = placeOn(cluster, tenant, missing);
    await this.routes.insertTx(tx, added);
    return {
      placed: 'placed-now',
      routes: [...routes, ...added].sort((a, b) => (a.store < b.store ? -1 : 1)),
    };
  }

  /** Access opens last, store by store; a purged tenant's routes go. */
  async followTx(tx: Tx, tenant: Tenant, step: Step): Promise<LifecycleEvent[]> {
    if (step.state === 'PURGED') {
      await this.routes.deleteTx(tx, tenant.id);
      await this.placement.releaseTx(tx, tenant);
    }
    if (!step.openRoutes) return [];
    const opened = await this.routes.openTx(tx, tenant.id, step.closedStores, tenant.generation);
    if (opened === 0) return [];
    const routes = await this.routes.findTx(tx, tenant.id);
    if (routes[0]) await this.placement.adoptTx(tx, tenant, routes[0].cluster);
    return [{ type: 'tenant.route_changed.v1', data: { routes: routes.map(toRouteRecord) } }];
  }
}

/**
 * The stores that the tenant has no place in, of whoever is still to be asked for this generation. Whoever has answered for it already
 * knew nothing of a store that it was given since: there a place is made with the next operation, which asks for it.
 */
function missingStores({ tenant, participants, observations, routes }: TenantRows): string[] {
  const answered = observations
    .filter(
      ({ observed, observedGeneration }) =>
        observed === observedWhenDone(tenant.desired) && observedGeneration === tenant.generation,
    )
    .map(({ participant }) => participant);
  const stores = participants
    .filter(({ name, retiredAt }) => retiredAt === null && !answered.includes(name))
    .flatMap((participant) => participant.stores);
  return [...new Set(stores)].filter((store) => !routes.some((route) => route.store === store));
}
