import { shardOf } from '@tenantry/messaging';
import { isUuid } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import type { Tx } from '../database/unit-of-work.js';
import { Operation } from '../operations/operation.entity.js';
import { SituationReader } from '../reconciling/situation.reader.js';
import { Tenant } from '../tenants/tenant.entity.js';
import { explain, type Explained } from './explanation.js';
import type { SendingFacts, WakeFacts } from './facts.js';

/** Reads everything about one tenant in a single snapshot, without a lock, and explains it. */
@Injectable()
export class ExplanationReadModel {
  constructor(
    private readonly dataSource: DataSource,
    private readonly situations: SituationReader,
  ) {}

  /** `undefined` for an unknown id, and for a text that is no id at all. */
  async of(tenantId: string): Promise<Explained | undefined> {
    if (!isUuid(tenantId)) return undefined;
    return this.dataSource.transaction('REPEATABLE READ', async (manager) => {
      await manager.query('SET TRANSACTION READ ONLY');
      const sql = managerExecutor(manager);
      const [clock] = await sql.query<{ now: Date }>('SELECT tenantry.now() AS now');
      if (!clock) throw new Error('the database did not tell its time');
      const tenant = await manager.findOneBy(Tenant, { id: tenantId });
      return tenant ? this.explainTx({ manager, sql, now: clock.now }, tenant) : undefined;
    });
  }

  private async explainTx(tx: Tx, tenant: Tenant): Promise<Explained> {
    const rows = await this.situations.rowsTx(tx, tenant);
    return explain({
      rows,
      situation: this.situations.situationOf(rows, tx.now),
      superseded: await supersededTx(tx, tenant),
      wake: await wakeTx(tx, tenant.id),
      sending: await sendingTx(tx, tenant.id),
    });
  }
}

/** The operation before the current one, if it did not come to its own end. */
async function supersededTx(tx: Tx, { id: tenantId, generation }: Tenant): Promise<Operation | null> {
  const [before] = await tx.manager
    .createQueryBuilder(Operation, 'o')
    .where('o.tenantId = :tenantId AND o.generation < :generation', { tenantId, generation })
    .orderBy('o.generation', 'DESC')
    .limit(1)
    .getMany();
  return before && (before.state === 'superseded' || before.state === 'cancelled') ? before : null;
}

async function wakeTx({ sql }: Tx, tenantId: string): Promise<WakeFacts | null> {
  const [wake] = await sql.query<{ due_at: Date; last_error: string | null }>(
    'SELECT greatest(due_at, lease_until) AS due_at, last_error FROM tenantry.wake WHERE tenant_id = $1',
    [tenantId],
  );
  return wake ? { dueAt: wake.due_at, lastError: wake.last_error } : null;
}

async function sendingTx({ sql }: Tx, tenantId: string): Promise<SendingFacts> {
  const [shard] = await sql.query<{ unsent: boolean; last_error: string | null }>(
    `SELECT s.last_error, EXISTS (
       SELECT FROM tenantry.outbox_pending p WHERE p.shard = s.shard AND p.tenant_id = $2 AND p.topic = 'lifecycle') AS unsent
     FROM tenantry.relay_shard s WHERE s.shard = $1`,
    [shardOf(tenantId), tenantId],
  );
  return { unsent: shard?.unsent ?? false, lastError: shard?.last_error ?? null };
}
