import type { TenantState } from '@tenantry/contracts';
import { isUuid } from '@tenantry/kernel';
import { decodeCursor, encodeCursor, type Page } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import type { Tx } from '../database/unit-of-work.js';
import { FactsReadModel } from '../explaining/facts.read-model.js';
import { Tenant } from '../tenants/tenant.entity.js';
import { isBehind, onlyCell, toMatrixRow, type MatrixRow } from './matrix.view.js';

export interface MatrixFilter {
  readonly state?: TenantState | undefined;
  /** Its cells alone. */
  readonly participant?: string | undefined;
  /** Only tenants with a cell that is not satisfied. */
  readonly behind: boolean;
}

/** Below every id that is given out. */
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** How many tenants are looked at for one page, however few of them belong on it: the next page goes on from there. */
const MAX_LOOKED_AT = 1000;

/** Where each participant is with each tenant. */
@Injectable()
export class MatrixReadModel {
  constructor(private readonly facts: FactsReadModel) {}

  /** A page by tenant id, perhaps shorter than `limit` though others follow. @throws InvalidRequest for a made-up cursor. */
  async list(filter: MatrixFilter, limit: number, cursor?: string): Promise<Page<MatrixRow>> {
    let after = cursor === undefined ? BEFORE_ALL : decodeCursor(cursor, isUuid);
    return this.facts.snapshot(async (tx) => {
      const data: MatrixRow[] = [];
      for (let lookedAt = 0; lookedAt < MAX_LOOKED_AT; lookedAt += limit) {
        const ids = await candidatesTx(tx, filter, after, limit + 1);
        for (const row of await this.rowsTx(tx, ids.slice(0, limit), filter)) {
          if (data.length === limit) return { data, nextCursor: encodeCursor(after) };
          if (!filter.behind || isBehind(row)) data.push(row);
          after = row.tenantId;
        }
        if (ids.length <= limit) return { data, nextCursor: null };
        if (data.length === limit) break;
      }
      return { data, nextCursor: encodeCursor(after) };
    });
  }

  private async rowsTx(tx: Tx, ids: readonly string[], { participant }: MatrixFilter): Promise<MatrixRow[]> {
    const tenants = await tx.manager.find(Tenant, { where: { id: In([...ids]) }, order: { id: 'ASC' } });
    const rows = (await this.facts.factsTx(tx, tenants)).map(toMatrixRow);
    return participant === undefined ? rows : rows.map((row) => onlyCell(row, participant));
  }
}

async function candidatesTx(
  { sql }: Tx,
  { state, behind }: MatrixFilter,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(behind ? BEHIND_SQL : ALL_SQL, [after, limit, state ?? null]);
  return rows.map(({ id }) => id);
}

const ALL_SQL = `
SELECT t.id FROM tenantry.tenant t WHERE t.id > $1::uuid AND ($3::text IS NULL OR t.state = $3) ORDER BY t.id LIMIT $2`;

/**
 * Who may be behind: tenants with an unfinished operation, and those in whose conditions somebody is not there. Each half is read
 * in the order of a partial index that holds no others.
 */
export const BEHIND_SQL = `
SELECT id FROM (
  (SELECT o.tenant_id AS id FROM tenantry.operation o
   JOIN tenantry.tenant t ON t.id = o.tenant_id AND ($3::text IS NULL OR t.state = $3)
   WHERE o.state IN ('pending', 'running') AND o.tenant_id > $1::uuid ORDER BY o.tenant_id LIMIT $2)
  UNION
  (SELECT t.id FROM tenantry.tenant t
   WHERE t.conditions @? '$[*] ? (@.type == "catchingUp" || @.type == "failed" || @.type == "overdue" || @.type == "skipped")'
     AND t.id > $1::uuid AND ($3::text IS NULL OR t.state = $3) ORDER BY t.id LIMIT $2)
) behind ORDER BY id LIMIT $2`;
