import { shardOf } from '@tenantry/messaging';
import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import type { Tx } from '../database/unit-of-work.js';
import { Operation } from '../operations/operation.entity.js';
import { Task } from '../operations/task.entity.js';
import { Participant } from '../participants/participant.entity.js';
import { TenantParticipant } from '../participants/tenant-participant.entity.js';
import { SituationReader } from '../reconciling/situation.reader.js';
import { Route } from '../routing/route.entity.js';
import { Tenant } from '../tenants/tenant.entity.js';
import type { Facts, SendingFacts, WakeFacts } from './facts.js';
import type { ParkedMark } from './parked-mark.js';

/** Reads what tenants are explained by: one snapshot, no locks, and as many queries for a page of tenants as for one. */
@Injectable()
export class FactsReadModel {
  constructor(
    private readonly dataSource: DataSource,
    private readonly situations: SituationReader,
  ) {}

  /** Runs `work` on a single snapshot that cannot write. */
  snapshot<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.dataSource.transaction('REPEATABLE READ', async (manager) => {
      await manager.query('SET TRANSACTION READ ONLY');
      const sql = managerExecutor(manager);
      const [clock] = await sql.query<{ now: Date }>('SELECT tenantry.now() AS now');
      if (!clock) throw new Error('the database did not tell its time');
      return work({ manager, sql, now: clock.now, afterCommit: () => undefined });
    });
  }

  /** The facts of each tenant, in the given order. */
  async factsTx(tx: Tx, tenants: readonly Tenant[]): Promise<Facts[]> {
    if (tenants.length === 0) return [];
    const { manager } = tx;
    const ids = tenants.map(({ id }) => id);
    const operations = await currentTx(tx, ids);
    const tasks = await manager.find(Task, {
      where: { operationId: In(operations.map(({ id }) => id)) },
      order: { participant: 'ASC' },
    });
    const participants = await manager.find(Participant, { order: { name: 'ASC' } });
    const observations = await manager.findBy(TenantParticipant, { tenantId: In(ids) });
    const routes = await manager.find(Route, { where: { tenantId: In(ids) }, order: { store: 'ASC' } });
    const superseded = await supersededTx(tx, tenants);
    const wakes = await wakesTx(tx, ids);
    const sending = await sendingTx(tx, ids);
    const parked = await parkedTx(tx, ids);

    const operationOf = new Map(operations.map((operation) => [operation.tenantId, operation]));
    const tasksOf = Map.groupBy(tasks, ({ operationId }) => operationId);
    const observationsOf = Map.groupBy(observations, ({ tenantId }) => tenantId);
    const routesOf = Map.groupBy(routes, ({ tenantId }) => tenantId);
    return tenants.map((tenant) => {
      const { id } = tenant;
      const operation = operationOf.get(id);
      if (!operation) throw new Error('a tenant has no operation of its generation');
      const rows = {
        tenant,
        operation,
        tasks: tasksOf.get(operation.id) ?? [],
        participants,
        observations: observationsOf.get(id) ?? [],
        routes: routesOf.get(id) ?? [],
      };
      return {
        rows,
        situation: this.situations.situationOf(rows, tx.now),
        superseded: superseded.get(id) ?? null,
        wake: wakes.get(id) ?? null,
        sending: sending.get(id) ?? { unsent: false, lastError: null },
        parked: (parked.get(id) ?? []).map(({ mark }) => mark),
      };
    });
  }
}

function currentTx({ manager }: Tx, ids: readonly string[]): Promise<Operation[]> {
  return manager
    .createQueryBuilder(Operation, 'o')
    .innerJoin(Tenant, 't', 't.id = o.tenantId AND t.generation = o.generation')
    .where('t.id IN (:...ids)', { ids })
    .getMany();
}

/** The operation before each tenant's current one, where that did not come to its own end. */
async function supersededTx(
  { sql, manager }: Tx,
  tenants: readonly Tenant[],
): Promise<Map<string, Operation>> {
  const rows = await sql.query<{ id: string }>(
    `SELECT before.id FROM unnest($1::uuid[], $2::bigint[]) AS t(id, generation)
     CROSS JOIN LATERAL (
       SELECT o.id, o.state FROM tenantry.operation o WHERE o.tenant_id = t.id AND o.generation < t.generation
       ORDER BY o.generation DESC LIMIT 1) AS before
     WHERE before.state IN ('superseded', 'cancelled')`,
    [tenants.map(({ id }) => id), tenants.map(({ generation }) => generation)],
  );
  const operations = await manager.findBy(Operation, { id: In(rows.map(({ id }) => id)) });
  return new Map(operations.map((operation) => [operation.tenantId, operation]));
}

async function wakesTx({ sql }: Tx, ids: readonly string[]): Promise<Map<string, WakeFacts>> {
  const rows = await sql.query<{ tenant_id: string; due_at: Date; last_error: string | null }>(
    `SELECT tenant_id, greatest(due_at, lease_until) AS due_at, last_error FROM tenantry.wake
     WHERE tenant_id = ANY ($1::uuid[])`,
    [ids],
  );
  return new Map(rows.map((row) => [row.tenant_id, { dueAt: row.due_at, lastError: row.last_error }]));
}

/** A request is enqueued with the tenant's state record and sent with it, and those pointers have an index. */
async function sendingTx({ sql }: Tx, ids: readonly string[]): Promise<Map<string, SendingFacts>> {
  const rows = await sql.query<{ id: string; unsent: boolean; last_error: string | null }>(
    `SELECT t.id, s.last_error,
       EXISTS (SELECT FROM tenantry.outbox_pending p WHERE p.tenant_id = t.id AND p.topic = 'state') AS unsent
     FROM unnest($1::uuid[], $2::int[]) AS t(id, shard) JOIN tenantry.relay_shard s ON s.shard = t.shard`,
    [ids, ids.map(shardOf)],
  );
  return new Map(rows.map((row) => [row.id, { unsent: row.unsent, lastError: row.last_error }]));
}

async function parkedTx(
  { sql }: Tx,
  ids: readonly string[],
): Promise<Map<string, { tenantId: string; mark: ParkedMark }[]>> {
  const rows = await sql.query<{
    id: string;
    tenant_id: string;
    participant: string;
    grp: string;
    tenant_seq: string;
    event_type: string;
    error: string;
    reported_at: Date;
  }>(
    `SELECT id, tenant_id, participant, grp, tenant_seq, event_type, error, reported_at FROM tenantry.parked_fact
     WHERE tenant_id = ANY ($1::uuid[]) AND state = 'parked' ORDER BY reported_at, id`,
    [ids],
  );
  const marks = rows.map((row) => ({
    tenantId: row.tenant_id,
    mark: {
      id: row.id,
      participant: row.participant,
      group: row.grp,
      tenantSeq: Number(row.tenant_seq),
      eventType: row.event_type,
      error: row.error,
      since: row.reported_at.toISOString(),
    },
  }));
  return Map.groupBy(marks, ({ tenantId }) => tenantId);
}
