import type { StateRecord } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import type { Pool } from 'pg';
import type { Logger } from '../logger.js';
import type { StateReload } from './fact-appliers.js';
import { ConnectionLost, inTransaction } from './transaction.js';

export interface StateBootstrapOptions {
  /** Of the service's own database, with CONSUMER_SQL applied. */
  readonly pool: Pool;
  readonly group: string;
  /** Derives from a tenant's state record what the service otherwise derives from its facts. */
  readonly reload: StateReload;
  readonly logger: Logger;
}

/** Records in one transaction. */
const CHUNK = 100;

/**
 * Gives a group that joins late what it would know had it been there from the beginning: each tenant's state record is applied, and its
 * sequence noted, in one transaction, so that the facts which are in it are passed when they come. `take` fits `bootstrap` of
 * `ParticipantTransport.consumeLifecycle`.
 */
export class StateBootstrap {
  constructor(private readonly options: StateBootstrapOptions) {}

  /**
   * Applies the records, in any order and however often. One that cannot be applied is logged and left out, since its tenant must
   * not keep all others from joining: its facts are applied as they come.
   *
   * @throws ConnectionLost: then everything has to be done again.
   */
  async take(records: readonly StateRecord[]): Promise<void> {
    // Always in the same order, so that two processes that join cannot deadlock.
    const sorted = [...records].sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
    for (let from = 0; from < sorted.length; from += CHUNK)
      await this.takeChunk(sorted.slice(from, from + CHUNK));
  }

  private async takeChunk(records: readonly StateRecord[]): Promise<void> {
    const { pool, logger } = this.options;
    try {
      await inTransaction(pool, (sql) => this.applyTx(sql, records));
    } catch (err) {
      if (err instanceof ConnectionLost) throw err;
      const [only, ...others] = records;
      if (only && others.length === 0) {
        logger.error({ err, tenantId: only.tenantId }, 'a state record could not be applied and is left out');
        return;
      }
      for (const record of records) await this.takeChunk([record]);
    }
  }

  private async applyTx(sql: SqlExecutor, records: readonly StateRecord[]): Promise<void> {
    const { group, reload } = this.options;
    // The newest of each: a batch of the state topic may hold several records of one tenant.
    const newest = new Map<string, StateRecord>();
    for (const record of records) {
      const other = newest.get(record.tenantId);
      if (!other || BigInt(record.tenantSeq) >= BigInt(other.tenantSeq)) newest.set(record.tenantId, record);
    }
    const tenantIds = [...newest.keys()];
    const rows = await sql.query<{ tenant_id: string; known: string }>(
      `INSERT INTO tenantry.consumer_position AS p (grp, tenant_id) SELECT $1, unnest($2::uuid[])
       ON CONFLICT (grp, tenant_id) DO UPDATE SET last_seq = p.last_seq
       RETURNING tenant_id, greatest(last_seq, reloaded_seq) AS known`,
      [group, tenantIds],
    );
    const news: StateRecord[] = [];
    for (const { tenant_id, known } of rows) {
      const record = newest.get(tenant_id);
      if (!record || BigInt(record.tenantSeq) <= BigInt(known)) continue;
      await reload(record, sql);
      news.push(record);
    }
    // Not the last sequence: a request that is in the overlap is still to be taken.
    await sql.query(
      `UPDATE tenantry.consumer_position p SET reloaded_seq = n.seq
       FROM unnest($2::uuid[], $3::bigint[]) AS n(tenant_id, seq) WHERE p.grp = $1 AND p.tenant_id = n.tenant_id`,
      [group, news.map(({ tenantId }) => tenantId), news.map(({ tenantSeq }) => tenantSeq)],
    );
  }
}
