import { Client } from 'pg';
import type { Evidence, EventRow, Note, OperationRow, TenantRow } from './evidence.ts';
import { readTopic } from './read-topic.ts';

export interface EvidenceSources {
  readonly controlPlaneUrl: string;
  readonly dataPlaneUrl: string;
  readonly verifierUrl: string;
  readonly kafkaBrokers: string | undefined;
  readonly topicPrefix: string;
}

/** Reads everything there is with plain SQL and a plain consumer; nothing of the product's own reading is used. */
export async function readEvidence(sources: EvidenceSources): Promise<Evidence> {
  const control = await open(sources.controlPlaneUrl);
  const data = await open(sources.dataPlaneUrl);
  const verifier = await open(sources.verifierUrl);
  const rows = async <R extends object>(client: Client, sql: string): Promise<R[]> =>
    (await client.query<R>(sql)).rows;
  const pairs = async <V>(client: Client, sql: string): Promise<Map<string, V>> =>
    new Map((await rows<{ tenant: string; is: V }>(client, sql)).map(({ tenant, is }) => [tenant, is]));
  const topic = (name: string) =>
    sources.kafkaBrokers === undefined
      ? undefined
      : readTopic(sources.kafkaBrokers, `${sources.topicPrefix}.tenant.${name}.v1`);
  try {
    return {
      tenants: await rows<TenantRow>(
        control,
        'SELECT id, state, desired, generation::int, tenant_seq::int AS seq FROM tenantry.tenant ORDER BY id',
      ),
      operations: await rows<OperationRow>(
        control,
        `SELECT id, tenant_id AS tenant, kind, state, generation::int,
           extract(epoch FROM finished_at - created_at)::float8 AS seconds
         FROM tenantry.operation ORDER BY tenant_id, generation`,
      ),
      events: await rows<EventRow>(
        control,
        `SELECT event_id AS id, tenant_id AS tenant, tenant_seq::int AS seq, type,
           (envelope->>'generation')::int AS generation, envelope->'data' AS data
         FROM tenantry.tenant_event ORDER BY tenant_id, tenant_seq`,
      ),
      stateRecords: await pairs<string>(
        control,
        'SELECT tenant_id AS tenant, event_id AS is FROM tenantry.tenant_state',
      ),
      positions: {
        reference: await pairs<number>(data, POSITIONS),
        verifier: await pairs<number>(verifier, POSITIONS),
      },
      controlNotes: await rows<Note>(control, NOTES),
      dataNotes: await rows<Note>(data, NOTES),
      verifierNotes: await rows<Note>(verifier, NOTES),
      lifecycleTopic: await topic('lifecycle'),
      stateTopic: await topic('state'),
    };
  } finally {
    await Promise.all([control.end(), data.end(), verifier.end()]);
  }
}

const POSITIONS = 'SELECT tenant_id AS tenant, last_seq::int AS is FROM tenantry.consumer_position';

const NOTES = `SELECT no::int, extract(epoch FROM at)::float8 AS at, session, kind, subject AS tenant, generation::int, detail
  FROM chaos.journal ORDER BY no`;

async function open(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}
