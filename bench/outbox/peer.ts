import type { Kafka } from 'kafkajs';
import {
  createReplicationMutexConcurrencyController,
  DatabaseSetup,
  getDisabledLogger,
  initializePollingMessageListener,
  initializeReplicationMessageListener,
  type GeneralMessageHandler,
} from 'pg-transactional-outbox';
import type { Pool } from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import type { Say } from '../report.ts';
import type { Backlog } from './backlog.ts';
import { createTopic } from './kafka.ts';

const NAMES = { outboxOrInbox: 'outbox', schema: 'peer', table: 'outbox' } as const;
const PUBLICATION = 'peer_publication';
const WARM_UP_MS = 2_000;
const STOP_MS = 3_000;

export type Listener = 'polling' | 'replication';

/**
 * pg-transactional-outbox with the same events, into the same broker, set up as its README has it, with a tenant's order kept. From
 * a full backlog it sends for a while; what it sends a second, after a warm-up, is its rate.
 *
 * @returns undefined where the server cannot do it: replication needs `wal_level = logical`.
 */
export async function measurePeer(
  listener: Listener,
  backlog: Backlog,
  kafka: Kafka,
  seconds: number,
  say: Say,
): Promise<number | undefined> {
  const { admin } = backlog;
  const slot = `bench_${process.pid}`;
  if (listener === 'replication' && !(await isLogical(admin))) return undefined;
  const topic = `bench-${process.pid}.peer-${listener}`;
  await createTopic(kafka, topic);
  await prepare(listener, admin, slot);
  await fill(admin);

  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  let sent = 0;
  const handler: GeneralMessageHandler = {
    handle: async ({ id, aggregateId, messageType, payload }) => {
      const headers = { ce_id: id, ce_type: messageType };
      await producer.send({
        topic,
        acks: -1,
        messages: [{ key: aggregateId, value: JSON.stringify(payload), headers }],
      });
      sent += 1;
    },
  };
  const stop = start(listener, admin, slot, handler);
  await delay(WARM_UP_MS);
  const [before, startedAt] = [sent, performance.now()];
  await delay(seconds * 1000);
  const rate = ((sent - before) * 1000) / (performance.now() - startedAt);
  // It may wait for an answer that doesn't come any more.
  await Promise.race([stop().catch(() => undefined), delay(STOP_MS)]);
  if (listener === 'replication') await dropSlot(admin, slot);
  await producer.disconnect();
  say(`pg-transactional-outbox (${listener}) ${rate.toFixed(1)}/s`);
  return rate;
}

async function isLogical(admin: Pool): Promise<boolean> {
  const { rows } = await admin.query<{ wal_level: string }>('SHOW wal_level');
  return rows[0]?.wal_level === 'logical';
}

async function prepare(listener: Listener, admin: Pool, slot: string): Promise<void> {
  const database = String(admin.options.database ?? '');
  const polling = { ...NAMES, database, listenerRole: 'postgres', nextMessagesName: 'next_outbox_messages' };
  await admin.query(DatabaseSetup.dropAndCreateTable(polling));
  await admin.query(DatabaseSetup.createPollingFunction(polling));
  await admin.query(DatabaseSetup.setupPollingIndexes(polling));
  if (listener === 'polling') return;
  await admin.query(`CREATE PUBLICATION ${PUBLICATION} FOR TABLE peer.outbox WITH (publish = 'insert')`);
  await admin.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
}

/** The history's events, a tenant's in order. */
async function fill(admin: Pool): Promise<void> {
  await admin.query(
    `INSERT INTO peer.outbox (id, aggregate_type, aggregate_id, message_type, segment, payload, created_at)
    SELECT event_id, 'tenant', tenant_id::text, type, tenant_id::text, envelope->'data',
      now() + tenant_seq * interval '1 millisecond'
    FROM tenantry.tenant_event ORDER BY tenant_seq, event_id`,
  );
  await admin.query('VACUUM ANALYZE peer.outbox');
}

function start(
  listener: Listener,
  admin: Pool,
  slot: string,
  handler: GeneralMessageHandler,
): () => Promise<void> {
  const { connectionString } = admin.options;
  const common = {
    outboxOrInbox: 'outbox',
    dbListenerConfig: { connectionString },
  } as const;
  const settings = {
    dbSchema: NAMES.schema,
    dbTable: NAMES.table,
    enableMaxAttemptsProtection: false,
    enablePoisonousMessageProtection: false,
  };
  const logger = getDisabledLogger();
  const [stop] =
    listener === 'polling'
      ? initializePollingMessageListener(
          {
            ...common,
            settings: {
              ...settings,
              nextMessagesFunctionSchema: NAMES.schema,
              nextMessagesFunctionName: 'next_outbox_messages',
              nextMessagesBatchSize: 5,
              nextMessagesPollingIntervalInMs: 250,
            },
          },
          handler,
          logger,
        )
      : initializeReplicationMessageListener(
          { ...common, settings: { ...settings, dbPublication: PUBLICATION, dbReplicationSlot: slot } },
          handler,
          logger,
          { concurrencyStrategy: createReplicationMutexConcurrencyController() },
        );
  return stop;
}

/** Ends its reader, which keeps it from being dropped. */
async function dropSlot(admin: Pool, slot: string): Promise<void> {
  await admin.query(
    'SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE slot_name = $1 AND active_pid IS NOT NULL',
    [slot],
  );
  await admin.query('SELECT pg_drop_replication_slot($1)', [slot]);
}
