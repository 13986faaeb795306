import type { OperationKind } from '@tenantry/contracts';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import type { Tx } from '../database/unit-of-work.js';
import type { Operation } from '../operations/operation.entity.js';
import { OperationStore } from '../operations/operation.store.js';
import { ParticipantStore } from '../participants/participant.store.js';
import { WakeStore } from '../reconciling/wake.store.js';
import { toRouteRecord } from '../routing/route-record.js';
import type { Route } from '../routing/route.entity.js';
import { RouteStore } from '../routing/route.store.js';
import type { LifecycleEvent } from './lifecycle-event.js';
import { enterState } from './enter-state.js';
import { desiredAfter, publicState } from './tenant.js';
import type { Tenant } from './tenant.entity.js';
import { TenantStore } from './tenant.store.js';

export interface ChangeRequest {
  readonly kind: OperationKind;
  readonly caller: Caller;
  readonly reason: string | null;
  /** Changes that belong to the same write, such as the deletion schedule; runs before the state is derived. */
  readonly amend?: (tenant: Tenant) => void;
  /** Facts that are true at once, such as that a deletion is scheduled. */
  readonly facts?: (tenant: Tenant, operation: Operation) => readonly LifecycleEvent[];
  /** What of it cannot be undone, in words. */
  readonly irreversible?: (tenant: Tenant) => string | undefined;
}

/**
 * One change of a locked tenant's desired state: a new generation, a new operation that supersedes what is
 * unfinished, access closed first, audit entry, events and wake-up, all in the caller's transaction.
 */
@Injectable()
export class LifecycleChange {
  constructor(
    private readonly tenants: TenantStore,
    private readonly routes: RouteStore,
    private readonly operations: OperationStore,
    private readonly participants: ParticipantStore,
    private readonly audit: AuditLog,
    private readonly wakes: WakeStore,
  ) {}

  async applyTx(tx: Tx, tenant: Tenant, change: ChangeRequest): Promise<Operation> {
    const before = { state: tenant.state, desired: tenant.desired, generation: tenant.generation };
    tenant.desired = desiredAfter(change.kind, tenant.desiredBeforeDeletion);
    tenant.generation += 1;
    change.amend?.(tenant);
    const superseded = await this.operations.supersedeTx(tx, tenant.id);
    const timeoutMs = await this.participants.longestAckTimeoutMsTx(tx);
    const operation = await this.operations.openTx(
      tx,
      tenant,
      change.kind,
      change.caller,
      change.reason,
      timeoutMs,
    );
    const routes = await this.routes.findTx(tx, tenant.id);
    const events = [
      ...(await this.closeTx(tx, tenant, routes)),
      ...(change.facts?.(tenant, operation) ?? []),
    ];
    const state = publicState({
      desired: tenant.desired,
      placed: routes.length > 0,
      wasActive: tenant.wasActive,
      deletionScheduled: tenant.purgeAfter !== null,
      everyone: false,
    });
    enterState(tenant, state, tx.now);
    await this.tenants.saveTx(tx, tenant, events, { traceparent: change.caller.traceparent });
    await this.audit.recordTx(tx, {
      caller: change.caller,
      tenantId: tenant.id,
      action: `tenant.${change.kind}`,
      resource: `tenants/${tenant.id}`,
      reason: change.reason,
      before,
      after: {
        state: tenant.state,
        desired: tenant.desired,
        generation: tenant.generation,
        operationId: operation.id,
        ...(superseded !== undefined && { superseded }),
      },
      irreversible: change.irreversible?.(tenant),
    });
    await this.wakes.wakeTx(tx, tenant.id);
    return operation;
  }

  /** Access closes in the command's own transaction; it opens only when everyone has acknowledged. */
  private async closeTx(tx: Tx, tenant: Tenant, routes: readonly Route[]): Promise<LifecycleEvent[]> {
    if (tenant.desired === 'active' || routes.every((route) => route.access === 'frozen')) return [];
    const closed = await this.routes.setAccessTx(tx, tenant.id, 'frozen', tenant.generation);
    return [{ type: 'tenant.route_changed.v1', data: { routes: closed.map(toRouteRecord) } }];
  }
}
