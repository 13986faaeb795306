import { STATE_RECORD_TYPE, type Envelope, type StateRecord } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import {
  CONTROL_PLANE_SOURCE,
  createKafkaControlPlaneTransport,
  type OutboundMessage,
} from '@tenantry/messaging';
import type { DataPlaneTransport } from '@tenantry/data-plane-kit/nest';
import { busDatabase, EXAMPLE_SERVICE } from '@tenantry/testing';
import pg from 'pg';

const BATCH = 2_000;
/** Where nobody listens. */
const NOBODY = '127.0.0.1:1';

/** A state channel with many tenants in it. */
export interface StateSource {
  readonly transport: DataPlaneTransport;
  /** The same when everything is down. */
  readonly outOfReach: DataPlaneTransport;
  remove(): Promise<void>;
}

/** The state topic of a control plane that is gone: nothing but the broker answers. */
export async function kafkaState(brokers: readonly string[], tenants: number): Promise<StateSource> {
  const topicPrefix = `bench-${newId()}`;
  const sender = createKafkaControlPlaneTransport({
    brokers,
    clientId: 'bench',
    topicPrefix,
    logger: silent,
  });
  await sender.prepare([EXAMPLE_SERVICE.name]);
  for (let from = 0; from < tenants; from += BATCH) {
    const count = Math.min(BATCH, tenants - from);
    await sender.publish(Array.from({ length: count }, (_, n) => stateMessage(from + n)));
  }
  await sender.close();
  return {
    transport: { kind: 'kafka', brokers, topicPrefix },
    outOfReach: { kind: 'kafka', brokers: [NOBODY], topicPrefix },
    remove: async () => {},
  };
}

/** The table of state records in a control plane's database. */
export async function embeddedState(tenants: number): Promise<StateSource> {
  const bus = await busDatabase();
  const client = new pg.Client({ connectionString: bus.adminUrl });
  await client.connect();
  try {
    for (let from = 0; from < tenants; from += BATCH) {
      const records = Array.from({ length: Math.min(BATCH, tenants - from) }, (_, n) => stateOf(from + n));
      await client.query(
        `INSERT INTO tenantry.tenant_state (tenant_id, tenant_seq, event_id, record, updated_at)
         SELECT (r ->> 'tenantId')::uuid, (r ->> 'tenantSeq')::bigint, gen_random_uuid(), r, now() FROM jsonb_array_elements($1::jsonb) r`,
        [JSON.stringify(records)],
      );
    }
  } finally {
    await client.end();
  }
  const url = await bus.participantUrl(EXAMPLE_SERVICE.name);
  const nowhere = new URL(url);
  nowhere.host = NOBODY;
  return {
    transport: { kind: 'embedded', url },
    outOfReach: { kind: 'embedded', url: nowhere.href },
    remove: () => bus.drop(),
  };
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function stateOf(n: number): StateRecord {
  const tenantId = newId();
  return {
    tenantId,
    slug: `customer-${n}`,
    state: 'ACTIVE',
    plan: 'standard',
    region: 'default',
    isolation: 'schema',
    generation: 1,
    version: 2,
    tenantSeq: '3',
    updatedAt: '2026-01-01T00:00:00.000Z',
    routes: [
      {
        store: 'primary',
        isolation: 'schema',
        cluster: 'default',
        database: null,
        schema: `t_${tenantId.replaceAll('-', '')}_primary`,
        access: 'open',
        generation: 1,
        revision: 2,
      },
    ],
  };
}

function stateMessage(n: number): OutboundMessage {
  const data = stateOf(n);
  const envelope: Envelope = {
    id: newId(),
    source: CONTROL_PLANE_SOURCE,
    type: STATE_RECORD_TYPE,
    time: data.updatedAt,
    subject: data.tenantId,
    tenantSeq: data.tenantSeq,
    generation: String(data.generation),
    data,
  };
  return { channel: 'state', envelope };
}
