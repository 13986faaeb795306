import { isUuid } from '@tenantry/kernel';
import { decodeCursor, pageOf, type Page } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { FactsReadModel } from '../explaining/facts.read-model.js';
import { Tenant } from '../tenants/tenant.entity.js';
import { toStuckView, type StuckView } from './stuck.view.js';

/** A place in the order: the deadline in microseconds since 1970, which JavaScript's own times would cut, and the id. */
type Place = readonly [deadlineUs: number, operationId: string];

const BEFORE_ALL: Place = [0, '00000000-0000-0000-0000-000000000000'];

/** Operations that need somebody to look at them, worst first. */
@Injectable()
export class StuckReadModel {
  constructor(private readonly facts: FactsReadModel) {}

  /** A page of those past their deadline and of failed current ones, the oldest deadline first. @throws InvalidRequest for a made-up cursor. */
  async list(limit: number, cursor?: string): Promise<Page<StuckView>> {
    const [deadlineUs, operationId] = cursor === undefined ? BEFORE_ALL : decodeCursor(cursor, isPlace);
    return this.facts.snapshot(async (tx) => {
      const rows = await tx.sql.query<{ id: string; tenant_id: string; us: string }>(STUCK_SQL, [
        deadlineUs,
        operationId,
        limit + 1,
      ]);
      const page = pageOf(rows, limit, ({ us, id }) => [Number(us), id]);
      const tenants = await tx.manager.findBy(Tenant, { id: In(page.data.map((row) => row.tenant_id)) });
      const byId = new Map(tenants.map((tenant) => [tenant.id, tenant]));
      const inOrder = page.data.flatMap((row) => byId.get(row.tenant_id) ?? []);
      return { ...page, data: (await this.facts.factsTx(tx, inOrder)).map(toStuckView) };
    });
  }
}

function isPlace(value: unknown): value is Place {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [us, id] = value as [unknown, unknown];
  return Number.isSafeInteger(us) && Math.abs(us as number) < 8.64e15 && isUuid(id);
}

/** Each half is read in the order of its own partial index, and no further than the page. */
export const STUCK_SQL = `
SELECT id, tenant_id, (extract(epoch FROM deadline) * 1000000)::bigint AS us FROM (
  (SELECT o.id, o.tenant_id, o.deadline FROM tenantry.operation o
   WHERE o.state IN ('pending', 'running') AND o.deadline < tenantry.now()
     AND (o.deadline, o.id) > ('epoch'::timestamptz + $1::bigint * interval '1 microsecond', $2::uuid)
   ORDER BY o.deadline, o.id LIMIT $3)
  UNION ALL
  (SELECT o.id, o.tenant_id, o.deadline FROM tenantry.operation o
   JOIN tenantry.tenant t ON t.id = o.tenant_id AND t.generation = o.generation
   WHERE o.state = 'failed'
     AND (o.deadline, o.id) > ('epoch'::timestamptz + $1::bigint * interval '1 microsecond', $2::uuid)
   ORDER BY o.deadline, o.id LIMIT $3)
) stuck ORDER BY deadline, id LIMIT $3`;
