import { isUuid } from '@tenantry/kernel';
import { decodeCursor, pageOf, type Page } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { Route } from './route.entity.js';
import { toRouteView, type TenantRoutesView } from './route.view.js';

/** Below every id that is given out. */
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** Routes for reading: outside of any command's transaction. */
@Injectable()
export class RouteReadModel {
  constructor(private readonly dataSource: DataSource) {}

  /** A tenant's routes; `undefined` for an unknown id, and for a text that is no id at all. */
  async ofTenant(tenantId: string): Promise<TenantRoutesView | undefined> {
    if (!isUuid(tenantId)) return undefined;
    const known: { id: string }[] = await this.dataSource.query(
      'SELECT id FROM tenantry.tenant WHERE id = $1',
      [tenantId],
    );
    return known[0] && this.withRoutes([known[0].id]).then(([tenant]) => tenant);
  }

  /** A page of the tenants that have routes, by id. @throws InvalidRequest for a made-up cursor. */
  async list(limit: number, cursor?: string): Promise<Page<TenantRoutesView>> {
    const after = cursor === undefined ? BEFORE_ALL : decodeCursor(cursor, isUuid);
    const tenants: { tenant_id: string }[] = await this.dataSource.query(
      'SELECT DISTINCT tenant_id FROM tenantry.route WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2',
      [after, limit + 1],
    );
    const page = pageOf(tenants, limit, (tenant) => tenant.tenant_id);
    return { ...page, data: await this.withRoutes(page.data.map((tenant) => tenant.tenant_id)) };
  }

  private async withRoutes(tenantIds: readonly string[]): Promise<TenantRoutesView[]> {
    const routes = await this.dataSource
      .getRepository(Route)
      .find({ where: { tenantId: In([...tenantIds]) }, order: { tenantId: 'ASC', store: 'ASC' } });
    const byTenant = Map.groupBy(routes.map(toRouteView), (route) => route.tenantId);
    return tenantIds.map((tenantId) => ({ tenantId, routes: byTenant.get(tenantId) ?? [] }));
  }
}
