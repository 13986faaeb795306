import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { Outbox, shardOf, type NewEvent } from '@tenantry/messaging';
import { busDatabase } from '@tenantry/testing';
import { Pool } from 'pg';

const EVENTS_A_STATEMENT = 1_000;

/** A control plane's database, to be filled through the outbox. */
export interface Backlog {
  readonly tenants: readonly string[];
  /** Of a login that may do what the control plane may. */
  readonly controlUrl: string;
  /** A superuser's. */
  readonly admin: Pool;
  /** So many events, each of another tenant until it is the first one's turn again. */
  enqueueTx(sql: SqlExecutor, count: number): Promise<void>;
  /** Puts so many events into history and outbox. */
  fill(count: number): Promise<void>;
  /** Has everything in the history be sent once more. */
  refill(): Promise<void>;
  isEmpty(): Promise<boolean>;
  drop(): Promise<void>;
}

/** @param notify whether commits wake relays by NOTIFY. */
export async function newBacklog(tenantCount: number, notify = false): Promise<Backlog> {
  const database = await busDatabase();
  const admin = quietPool(database.adminUrl, 4);
  const tenants = Array.from({ length: tenantCount }, newId);
  const outbox = new Outbox({ notify });
  let written = 0;

  const enqueueTx = async (sql: SqlExecutor, count: number): Promise<void> => {
    const events = Array.from({ length: count }, (_, index) => {
      const place = written + index;
      const tenantId = tenants[place % tenantCount] ?? '';
      return requestOf(tenantId, BigInt(Math.floor(place / tenantCount) + 1));
    });
    written += count;
    await outbox.enqueueTx(sql, events);
  };

  return {
    tenants,
    controlUrl: database.controlUrl,
    admin,
    enqueueTx,
    async fill(count) {
      for (let left = count; left > 0; left -= EVENTS_A_STATEMENT)
        await enqueueTx(pgExecutor(admin), Math.min(left, EVENTS_A_STATEMENT));
      await admin.query('VACUUM ANALYZE tenantry.tenant_event, tenantry.outbox_pending');
    },
    async refill() {
      await admin.query(
        `INSERT INTO tenantry.outbox_pending (event_id, tenant_id, tenant_seq, shard, topic, occurred_at)
        SELECT e.event_id, e.tenant_id, e.tenant_seq, t.shard, 'lifecycle', e.occurred_at
        FROM tenantry.tenant_event e JOIN unnest($1::uuid[], $2::smallint[]) AS t(tenant_id, shard) USING (tenant_id)
        ORDER BY e.tenant_seq, e.event_id`,
        [tenants, tenants.map(shardOf)],
      );
      await admin.query('VACUUM ANALYZE tenantry.outbox_pending');
    },
    async isEmpty() {
      return (await admin.query('SELECT FROM tenantry.outbox_pending LIMIT 1')).rowCount === 0;
    },
    async drop() {
      await admin.end();
      await database.drop();
    },
  };
}

/** A pool that takes it quietly when its sessions are ended, as they are when the database is dropped. */
export function quietPool(connectionString: string, max: number): Pool {
  const pool = new Pool({ connectionString, max });
  pool.on('error', () => undefined);
  return pool;
}

/** What a control plane asks most: a request to one participant. */
export function requestOf(tenantId: string, tenantSeq: bigint): NewEvent {
  return {
    tenantId,
    tenantSeq,
    generation: 1,
    type: 'tenant.provisioning_requested.v1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data: {
      operationId: newId(),
      generation: 1,
      attempt: 1,
      participants: ['bench'],
      desired: 'active',
      placements: [
        {
          store: 'primary',
          isolation: 'schema',
          cluster: 'default',
          database: null,
          schema: `t_${tenantId.replaceAll('-', '')}_primary`,
        },
      ],
    },
  };
}
