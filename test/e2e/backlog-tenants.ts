import { pgExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { Outbox } from '@tenantry/messaging';
import { Kafka, logLevel } from 'kafkajs';
import { Pool } from 'pg';
import { waitFor } from '@tenantry/testing';

const WRITERS = 8;
const EVENTS_PER_TENANT = 200;

/** Tenants of which the outbox has many events: the volume of an hour without a broker, without the hour. */
export class BacklogTenants {
  readonly tenants: readonly string[];

  /** @param commits how many, rounded to whole tenants. */
  constructor(
    private readonly databaseUrl: string,
    commits: number,
  ) {
    this.tenants = Array.from({ length: Math.ceil(commits / EVENTS_PER_TENANT) }, () => newId());
  }

  get events(): number {
    return this.tenants.length * EVENTS_PER_TENANT;
  }

  /** Commits each event by itself, in each tenant's order, several tenants at a time. */
  async commit(): Promise<void> {
    const pool = new Pool({ connectionString: this.databaseUrl, max: WRITERS });
    const outbox = new Outbox();
    const waiting = [...this.tenants];
    const write = async (): Promise<void> => {
      for (let tenantId = waiting.pop(); tenantId; tenantId = waiting.pop())
        for (let seq = 1; seq <= EVENTS_PER_TENANT; seq += 1)
          await outbox.enqueueTx(pgExecutor(pool), [
            {
              tenantId,
              tenantSeq: BigInt(seq),
              generation: 1,
              type: 'tenant.updated.v1',
              data: { version: seq, plan: 'standard', changed: ['plan'] },
            },
          ]);
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
    await pool.end();
  }

  /**
   * Reads the lifecycle topic as somebody who has nothing to do with the product.
   *
   * @returns how many events of these tenants came out of order, repeats left out.
   * @throws Error when not all of them come in time.
   */
  async inversions(brokers: string, timeoutMs: number): Promise<number> {
    const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    const topic = (await admin.listTopics()).find((name) => name.endsWith('.tenant.lifecycle.v1'));
    await admin.disconnect();
    if (topic === undefined) throw new Error('there is no lifecycle topic');
    const last = new Map(this.tenants.map((tenantId) => [tenantId, 0]));
    const seen = new Set<string>();
    let inversions = 0;
    const consumer = kafka.consumer({ groupId: `independent-${newId()}` });
    await consumer.connect();
    try {
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ message }) => {
          const tenantId = String(message.key);
          const before = last.get(tenantId);
          const seq = Number(message.headers?.['ce_tenantseq']);
          const place = `${tenantId} ${seq}`;
          if (before === undefined || seen.has(place)) return;
          seen.add(place);
          if (seq !== before + 1) inversions += 1;
          last.set(tenantId, seq);
        },
      });
      await waitFor(`${this.events} events on the topic`, () => seen.size === this.events, timeoutMs);
    } finally {
      await consumer.disconnect();
    }
    return inversions;
  }
}
