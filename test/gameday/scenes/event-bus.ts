import { waitFor } from '@tenantry/testing/servers';
import { topicNames } from '@tenantry/contracts';
import { Kafka, logLevel } from 'kafkajs';
import type { Scene } from './scene.ts';

const TENANTS = 12;

export const RELAY_CUT_OFF: Scene = {
  trouble: 'the relay is cut off from Kafka while tenants change',
  alerts: ['TenantryOutboxStalled', 'TenantryRelayFailing'],
  cause: async (stage) => {
    // Of many shards, each of which is tried again after a pause of its own.
    const tenants = await Promise.all(Array.from({ length: TENANTS }, () => stage.create()));
    for (const { id } of tenants) await stage.reaches(id, 'ACTIVE');
    stage.system.link('relay', 'kafka').cut();
    stage.repeat('changes', 500, () => Promise.all(tenants.map(({ id }) => stage.change(id))));
  },
  mend: async (stage) => {
    await stage.endRepeating('changes');
    stage.system.link('relay', 'kafka').heal();
  },
};

export const SERVICE_CUT_OFF: Scene = {
  trouble: 'a service is cut off from Kafka with its answer still to be sent',
  alerts: ['TenantryRoutesStale', 'TenantryAnswersStuck'],
  cause: async (stage) => {
    // Provisioning looks here first, so it waits with its request taken in until there is no way back.
    const letGo = await stage.lock('data-plane', 'tenantry.provisioned', 'ACCESS EXCLUSIVE');
    try {
      const { id } = await stage.create();
      await waitFor('the request to arrive', async () => {
        const sql = 'SELECT 1 FROM tenantry.inbox WHERE tenant_id = $1';
        return (await stage.rows('data-plane', sql, [id])).length > 0;
      });
      stage.system.link('data-plane', 'kafka').cut();
    } finally {
      await letGo();
    }
  },
  mend: async ({ system }) => system.link('data-plane', 'kafka').heal(),
};

interface ParkedFact {
  readonly id: string;
}

export const SERVICE_BROKEN: Scene = {
  trouble: 'a service cannot apply the facts of some tenants',
  alerts: ['TenantryFactsParked'],
  cause: async (stage) => {
    stage.billing.broken = true;
    stage.repeat('facts', 400, async () => stage.change((await stage.create()).id));
  },
  mend: async (stage) => {
    await stage.endRepeating('facts');
    stage.billing.broken = false;
    const parked = async (): Promise<readonly ParkedFact[]> =>
      (await stage.system.control.get<{ data: ParkedFact[] }>('/v1/parked?state=parked&limit=200')).body.data;
    const redriven = new Set<string>();
    await waitFor(
      'nothing to be parked',
      async () => {
        const facts = await parked();
        for (const { id } of facts.filter((fact) => !redriven.has(fact.id))) {
          await stage.post(`/v1/parked/${id}/redrive`, { reason: 'billing is mended' });
          redriven.add(id);
        }
        return facts.length === 0;
      },
      60_000,
    );
  },
};

/** What somebody who pretends, or a client of another version, could send. */
const NO_ANSWER = Buffer.from('{"outcome": "done"}');

let disconnect = async (): Promise<void> => {};

export const ANSWERS_REFUSED: Scene = {
  trouble: 'a service sends answers that are none',
  alerts: ['TenantryAcknowledgementsRefused'],
  cause: async (stage) => {
    const { kafkaBrokers, topicPrefix } = stage.system;
    const kafka = new Kafka({ brokers: [kafkaBrokers], clientId: 'game-day', logLevel: logLevel.NOTHING });
    const producer = kafka.producer();
    await producer.connect();
    disconnect = () => producer.disconnect();
    const topic = topicNames(topicPrefix).acknowledgements('reference');
    stage.repeat('no answers', 100, () =>
      producer.send({ topic, messages: [{ key: 'nobody', value: NO_ANSWER }] }),
    );
  },
  mend: async (stage) => {
    await stage.endRepeating('no answers');
    await disconnect();
  },
};
