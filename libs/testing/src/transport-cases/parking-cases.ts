import type { Parked, Unparked } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import {
  AcknowledgementSender,
  LifecycleConsumer,
  RecoveryWorker,
  type FactAppliers,
  type NewEvent,
} from '@tenantry/messaging';
import { deepStrictEqual as same, ok } from 'node:assert/strict';
import { Pool } from 'pg';
import { consumerDatabase } from '../consumer-database.js';
import { waitFor } from '../wait-for.js';
import { PATIENCE_MS, updated, type TransportCase, type TransportRig } from './transport-case.js';

const GROUP = 'alice.parking';
const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const redrive = (tenantId: string, tenantSeq: number, parkedSeq: string): NewEvent => ({
  tenantId,
  tenantSeq: BigInt(tenantSeq),
  generation: 1,
  type: 'participant.redrive_requested.v1',
  data: {
    operationId: newId(),
    generation: 1,
    attempt: 1,
    participants: ['alice'],
    group: GROUP,
    tenantSeq: parkedSeq,
  },
});

/** A service with a database of its own that applies facts, and cannot apply some until it is mended. */
async function startService(rig: TransportRig, isPoison: (tenantId: string, version: number) => boolean) {
  const database = await consumerDatabase();
  const { url } = await database.newLogin();
  const pool = new Pool({ connectionString: url, max: 10 });
  const transport = await rig.participant('alice');
  const applied = new Map<string, number[]>();
  const facts: FactAppliers = {
    'tenant.updated.v1': async ({ subject, data }) => {
      if (isPoison(subject, data.version)) throw new Error(`version ${data.version} is too much for it`);
      applied.set(subject, [...(applied.get(subject) ?? []), data.version]);
    },
  };
  const sender = new AcknowledgementSender({
    pool,
    transport,
    participant: 'alice',
    registration: { capabilities: [], stores: [], version: '1' },
    logger,
    pollMs: 100,
  });
  const onAcknowledgement = () => sender.wake();
  const shared = {
    pool,
    participant: 'alice',
    group: GROUP,
    facts,
    logger,
    factAttempts: 2,
    onAcknowledgement,
  };
  const recoveries = new RecoveryWorker(shared);
  const consumer = new LifecycleConsumer({ ...shared, onRecovery: () => recoveries.wake() });
  sender.start();
  recoveries.start();
  const subscription = await transport.consumeLifecycle({
    group: GROUP,
    handler: (event) => consumer.handle(event),
    onMalformed: (reason, raw) => consumer.onMalformed(reason, raw),
  });
  return {
    applied: (tenantId: string): readonly number[] => applied.get(tenantId) ?? [],
    stop: async () => {
      await subscription.stop();
      await recoveries.stop();
      await sender.stop();
      await pool.end();
      await database.drop();
    },
  };
}

/** Parking and redrive are the consumer's; that they work needs both ways of the transport. */
export const PARKING_CASES: readonly TransportCase[] = [
  {
    name: 'parks a poison fact for its tenant alone, tells the control plane, and goes on in order once it is redriven',
    async run(rig) {
      const [poisoned, healthy] = [newId(), newId()];
      let mended = false;
      const service = await startService(
        rig,
        (tenantId, version) => tenantId === poisoned && version === 2 && !mended,
      );
      const parked: Parked[] = [];
      const unparked: Unparked[] = [];
      const acknowledgements = await rig.control.consumeAcknowledgements({
        participants: async () => ['alice', 'bob'],
        handler: async (participant, { type, subject, data }) => {
          if (participant !== 'alice' || subject !== poisoned) return;
          if (type === 'participant.parked.v1') parked.push(data as Parked);
          if (type === 'participant.unparked.v1') unparked.push(data as Unparked);
        },
        onMalformed: async () => undefined,
      });
      try {
        for (let seq = 1; seq <= 4; seq++) await rig.enqueue([updated(poisoned, seq), updated(healthy, seq)]);
        await waitFor('the healthy tenant', () => service.applied(healthy).length === 4, PATIENCE_MS);
        const announced = await waitFor('the announcement', () => parked[0], PATIENCE_MS);
        same(
          { group: announced.group, tenantSeq: announced.tenantSeq, eventType: announced.eventType },
          { group: GROUP, tenantSeq: '2', eventType: 'tenant.updated.v1' },
        );
        ok(announced.error.includes('too much'));
        same(service.applied(poisoned), [1]);
        mended = true;
        await rig.enqueue([redrive(poisoned, 5, '2'), updated(poisoned, 6)]);
        await waitFor('what waited behind it', () => service.applied(poisoned).length >= 5, PATIENCE_MS);
        await waitFor('the news that it is out of the way', () => unparked.length > 0, PATIENCE_MS);
        same(service.applied(poisoned), [1, 2, 3, 4, 6]);
        same(service.applied(healthy), [1, 2, 3, 4]);
        same(unparked[0]?.tenantSeq, '2');
      } finally {
        await acknowledgements.stop();
        await service.stop();
      }
    },
  },
];
