import type { TenantState } from '@tenantry/contracts';
import { isUuid } from '@tenantry/kernel';
import { decodeCursor, pageOf, type Page } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Tenant } from './tenant.entity.js';
import { toTenantView, type TenantView } from './tenant.view.js';

/** Which tenants to list; all given conditions hold together. */
export interface TenantFilter {
  readonly state?: TenantState | undefined;
  readonly plan?: string | undefined;
  readonly region?: string | undefined;
  readonly slug?: string | undefined;
  readonly slugPrefix?: string | undefined;
  /** Labels that a tenant must have. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A tenant that an action on labels is about. */
export interface MatchingTenant {
  readonly id: string;
  readonly slug: string;
  readonly state: TenantState;
}

/** Exported for the test of its plan: always by the index on labels, however many tenants the planner expects. */
export const MATCHING_SQL = `
  WITH matching AS MATERIALIZED (
    SELECT id, slug, state FROM tenantry.tenant WHERE labels @> $1::jsonb AND state <> 'PURGED'
  )
  SELECT id, slug, state, count(*) OVER ()::integer AS matched FROM matching ORDER BY id LIMIT $2`;

/** Tenants for reading: outside of any command's transaction. */
@Injectable()
export class TenantReadModel {
  constructor(private readonly dataSource: DataSource) {}

  /** `undefined` for an unknown id, and for a text that is no id at all. */
  async find(id: string): Promise<TenantView | undefined> {
    if (!isUuid(id)) return undefined;
    const tenant = await this.dataSource.getRepository(Tenant).findOneBy({ id });
    return tenant ? toTenantView(tenant) : undefined;
  }

  /** The first `limit` tenants by id that have all of the labels and are not purged, and how many there are in all. */
  async matching(
    labels: Readonly<Record<string, string>>,
    limit: number,
  ): Promise<{ matched: number; tenants: readonly MatchingTenant[] }> {
    const rows: (MatchingTenant & { matched: number })[] = await this.dataSource.query(MATCHING_SQL, [
      JSON.stringify(labels),
      limit,
    ]);
    return { matched: rows[0]?.matched ?? 0, tenants: rows };
  }

  /** A page in the order of creation; `cursor` is an earlier page's. @throws InvalidRequest for any other cursor. */
  async list(filter: TenantFilter, limit: number, cursor: string | undefined): Promise<Page<TenantView>> {
    const query = this.dataSource
      .getRepository(Tenant)
      .createQueryBuilder('t')
      .orderBy('t.id')
      .limit(limit + 1);
    if (cursor !== undefined) query.andWhere('t.id > :after', { after: decodeCursor(cursor, isUuid) });
    const { state, plan, region, slug, slugPrefix, labels } = filter;
    if (state !== undefined) query.andWhere('t.state = :state', { state });
    if (plan !== undefined) query.andWhere('t.plan = :plan', { plan });
    if (region !== undefined) query.andWhere('t.region = :region', { region });
    if (slug !== undefined) query.andWhere('t.slug = :slug', { slug });
    // Slugs are ASCII and compared by byte (collation C), so a prefix is a range that the unique index serves.
    if (slugPrefix !== undefined)
      query.andWhere('t.slug >= :from AND t.slug < :to', { from: slugPrefix, to: `${slugPrefix}\u007f` });
    if (Object.keys(labels).length > 0)
      query.andWhere('t.labels @> :labels::jsonb', { labels: JSON.stringify(labels) });
    const tenants = await query.getMany();
    return pageOf(tenants.map(toTenantView), limit, (tenant) => tenant.id);
  }
}
