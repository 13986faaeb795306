import { isFactType, type ReplayedFact } from '@tenantry/contracts';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';

/** A tenant's facts as they were published. */
@Injectable()
export class FactHistory {
  /** The sequence of the oldest event that is still there; undefined when there is none. */
  async firstSeqTx(tx: Tx, tenantId: string): Promise<bigint | undefined> {
    const [row] = await tx.sql.query<{ first: string | null }>(
      'SELECT min(tenant_seq) AS first FROM tenantry.tenant_event WHERE tenant_id = $1',
      [tenantId],
    );
    return row?.first ? BigInt(row.first) : undefined;
  }

  /** The facts of a range, in order; never more than `limit`. */
  async factsTx(
    tx: Tx,
    tenantId: string,
    fromSeq: string,
    toSeq: string,
    limit: number,
  ): Promise<ReplayedFact[]> {
    const rows = await tx.sql.query<{
      event_id: string;
      type: string;
      tenant_seq: string;
      envelope: { time: string; generation?: string; data: Record<string, unknown> };
    }>(
      `SELECT event_id, type, tenant_seq, envelope FROM tenantry.tenant_event
       WHERE tenant_id = $1 AND tenant_seq BETWEEN $2 AND $3 AND type NOT LIKE '%\\_requested.v%'
       ORDER BY tenant_seq LIMIT $4`,
      [tenantId, fromSeq, toSeq, limit],
    );
    return rows
      .filter(({ type }) => isFactType(type))
      .map(({ event_id, type, tenant_seq, envelope }) => ({
        id: event_id,
        type,
        time: envelope.time,
        tenantSeq: tenant_seq,
        generation: envelope.generation ?? '0',
        data: envelope.data,
      }));
  }
}
