import type { StateRecord } from '@tenantry/contracts';
import { isUuid } from '@tenantry/kernel';
import { Outbox } from '@tenantry/messaging';
import { Injectable } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import type { Tx } from '../database/unit-of-work.js';
import { Route } from '../routing/route.entity.js';
import { toRouteRecord } from '../routing/route-record.js';
import type { LifecycleEvent } from './lifecycle-event.js';
import { Tenant } from './tenant.entity.js';
import { SlugTaken } from './tenant.errors.js';

export interface SaveOptions {
  readonly traceparent?: string | undefined;
  /** Whether something changed that the API shows. Default: true. */
  readonly shown?: boolean;
}

/** The tenant's row, its events and its state record: whatever changes one writes the others in the same transaction. */
@Injectable()
export class TenantStore {
  constructor(private readonly outbox: Outbox) {}

  /** Locks the tenant's row until the transaction ends; everything that changes a tenant starts here. `null`: no such id, or no id at all. */
  async lockTx(tx: Tx, id: string): Promise<Tenant | null> {
    if (!isUuid(id)) return null;
    // Nobody changes the key, so whoever refers to the tenant need not wait.
    return tx.manager.findOne(Tenant, { where: { id }, lock: { mode: 'for_no_key_update' } });
  }

  /** @throws SlugTaken when another tenant has, or had, the slug. */
  async insertTx(tx: Tx, tenant: Tenant): Promise<void> {
    try {
      await tx.manager.insert(Tenant, tenant);
    } catch (error) {
      if (error instanceof QueryFailedError && constraintOf(error.driverError) === 'tenant_slug_key')
        throw new SlugTaken(tenant.slug, error);
      throw error;
    }
  }

  /**
   * Writes the changed row, its events in order, and the state record that reflects them. The version, which callers
   * hold as ETag, grows unless nothing that is shown of the tenant has changed.
   */
  async saveTx(
    tx: Tx,
    tenant: Tenant,
    events: readonly LifecycleEvent[],
    options: SaveOptions = {},
  ): Promise<void> {
    const { traceparent, shown = true } = options;
    const first = tenant.tenantSeq + 1;
    tenant.tenantSeq += events.length;
    if (shown) {
      tenant.version += 1;
      tenant.updatedAt = tx.now;
    }
    await tx.manager.save(Tenant, tenant);
    await this.publishTx(tx, tenant, events, first, traceparent);
  }

  /** Publishes a row that was just inserted. */
  async publishNewTx(tx: Tx, tenant: Tenant, traceparent?: string): Promise<void> {
    await this.publishTx(tx, tenant, [], 1, traceparent);
  }

  private async publishTx(
    tx: Tx,
    tenant: Tenant,
    events: readonly LifecycleEvent[],
    firstSeq: number,
    traceparent?: string,
  ): Promise<void> {
    const routes = await tx.manager.find(Route, { where: { tenantId: tenant.id }, order: { store: 'ASC' } });
    const stateRecord: StateRecord = {
      tenantId: tenant.id,
      slug: tenant.slug,
      state: tenant.state,
      plan: tenant.plan,
      region: tenant.region,
      isolation: tenant.isolation,
      generation: tenant.generation,
      version: tenant.version,
      tenantSeq: String(tenant.tenantSeq),
      routes: routes.map(toRouteRecord),
      updatedAt: tenant.updatedAt.toISOString(),
    };
    await this.outbox.saveStateTx(tx.sql, stateRecord, traceparent);
    await this.outbox.enqueueTx(
      tx.sql,
      events.map((event, index) => ({
        tenantId: tenant.id,
        tenantSeq: String(firstSeq + index),
        generation: tenant.generation,
        type: event.type,
        data: event.data,
        traceparent,
      })),
    );
  }
}

function constraintOf(driverError: unknown): string | undefined {
  return (driverError as { constraint?: string }).constraint;
}
