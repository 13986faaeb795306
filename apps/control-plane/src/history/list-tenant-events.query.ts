import type { Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { TenantNotFound } from '../tenants/tenant.errors.js';
import { TenantEventReadModel } from './tenant-event.read-model.js';
import type { TenantEventView } from './tenant-event.view.js';

/** A page of what was published about a tenant, newest first. @throws TenantNotFound */
export class ListTenantEvents extends Query<Page<TenantEventView>> {
  constructor(
    readonly tenantId: string,
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListTenantEvents)
export class ListTenantEventsHandler implements IQueryHandler<ListTenantEvents> {
  constructor(private readonly events: TenantEventReadModel) {}

  async execute({ tenantId, limit, cursor }: ListTenantEvents): Promise<Page<TenantEventView>> {
    const page = await this.events.list(tenantId, limit, cursor);
    if (!page) throw new TenantNotFound();
    return page;
  }
}
