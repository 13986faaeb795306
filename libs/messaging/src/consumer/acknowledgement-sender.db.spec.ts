import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { checkOutgoing } from '@tenantry/contracts';
import { pgExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { consumerDatabase, waitFor, type ConsumerDatabase } from '@tenantry/testing';
import { Pool } from 'pg';
import type { AcknowledgementEnvelope } from '../transport.js';
import {
  acknowledgementEnvelope,
  claimAcknowledgements,
  enqueueAcknowledgementTx,
} from './acknowledgement-outbox.js';
import { AcknowledgementSender, type AcknowledgementSenderOptions } from './acknowledgement-sender.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

let database: ConsumerDatabase;
let pool: Pool;
const senders: AcknowledgementSender[] = [];

beforeAll(async () => {
  database = await consumerDatabase();
  pool = new Pool({ connectionString: (await database.newLogin()).url, max: 6 });
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.stop()));
  await pool.query('DELETE FROM tenantry.acknowledgement_outbox');
});

/** A broker that keeps what it was sent; a seam of this test, the real ones have the transport suite. */
class RecordingTransport {
  readonly sent: AcknowledgementEnvelope[] = [];
  down = false;
  refusals = 0;

  async acknowledge(messages: readonly AcknowledgementEnvelope[]): Promise<void> {
    if (this.down) {
      this.refusals += 1;
      throw new Error('the broker is down');
    }
    this.sent.push(...messages);
  }

  of(type: string): AcknowledgementEnvelope[] {
    return this.sent.filter((message) => message.type === type);
  }
}

function sender(
  transport: Pick<RecordingTransport, 'acknowledge'>,
  options: Partial<AcknowledgementSenderOptions> = {},
): AcknowledgementSender {
  const registration = {
    capabilities: ['provision', 'purge'] as const,
    stores: ['primary'],
    version: '0.1.0',
  };
  const made = new AcknowledgementSender({
    pool,
    transport,
    participant: 'reference',
    registration,
    logger,
    pollMs: 20,
    ...options,
  });
  senders.push(made);
  made.start();
  return made;
}

async function enqueue(attempt = 1): Promise<AcknowledgementEnvelope> {
  const data = {
    operationId: newId(),
    generation: 1,
    attempt,
    participant: 'reference',
    outcome: 'succeeded' as const,
    evidence: { attempt },
  };
  const envelope = acknowledgementEnvelope('participant.acknowledged.v1', 'reference', newId(), data, {
    generation: 1,
  });
  await enqueueAcknowledgementTx(pgExecutor(pool), envelope);
  return envelope;
}

async function left(): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    'SELECT count(*)::int FROM tenantry.acknowledgement_outbox',
  );
  return rows[0]?.count ?? -1;
}

const empty = (): Promise<true> => waitFor('an empty outbox', async () => (await left()) === 0);

describe('AcknowledgementSender', () => {
  it('sends what is there in order, as it was enqueued, and deletes it', async () => {
    const enqueued: AcknowledgementEnvelope[] = [];
    for (let n = 1; n <= 5; n += 1) enqueued.push(await enqueue(n));
    const transport = new RecordingTransport();
    sender(transport);
    await empty();
    expect(transport.of('participant.acknowledged.v1')).toEqual(enqueued);
  });

  it('begins with a heartbeat that registers the participant, and repeats it', async () => {
    const transport = new RecordingTransport();
    sender(transport, { heartbeatMs: 50 });
    const [first] = await waitFor(
      'three heartbeats',
      () => transport.of('participant.heartbeat.v1').length >= 3 && transport.sent,
    );
    expect(first).toMatchObject({
      subject: 'reference',
      source: '/tenantry/participants/reference',
      data: {
        participant: 'reference',
        capabilities: ['provision', 'purge'],
        stores: ['primary'],
        version: '0.1.0',
      },
    });
    expect(checkOutgoing('participant.heartbeat.v1', first?.data).ok).toBe(true);
  });

  it('keeps everything while the broker is down and sends it when it is back', async () => {
    const transport = new RecordingTransport();
    transport.down = true;
    sender(transport, { heartbeatMs: 0 });
    await enqueue();
    await waitFor('two refusals', () => transport.refusals >= 2);
    expect(await left()).toBe(1);
    transport.down = false;
    await empty();
    expect(transport.of('participant.acknowledged.v1')).toHaveLength(1);
    expect(transport.of('participant.heartbeat.v1').length).toBeGreaterThan(0);
  });

  it('postpones what a broker refused and sends it again by itself', async () => {
    const transport = new RecordingTransport();
    sender(transport);
    await waitFor('the heartbeat', () => transport.sent.length === 1);
    transport.down = true;
    await enqueue();
    await waitFor('the refusal', () => transport.refusals === 1);
    transport.down = false;
    await empty();
    expect(transport.of('participant.acknowledged.v1')).toHaveLength(1);
  });

  it('sends 250 once when two share the outbox', async () => {
    for (let n = 1; n <= 250; n += 1) await enqueue(n);
    const transport = new RecordingTransport();
    sender(transport);
    sender(transport);
    await empty();
    const ids = transport.of('participant.acknowledged.v1').map(({ id }) => id);
    expect(ids).toHaveLength(250);
    expect(new Set(ids).size).toBe(250);
  });

  it('sends what one that died had claimed', async () => {
    const { id } = await enqueue();
    const dead = await claimAcknowledgements(pgExecutor(pool), 10, 200);
    expect(dead).toHaveLength(1);
    const transport = new RecordingTransport();
    sender(transport);
    await empty();
    expect(transport.of('participant.acknowledged.v1')).toMatchObject([{ id }]);
  });

  it('sends what is left before it stops', async () => {
    const transport = new RecordingTransport();
    const stopping = sender(transport, { pollMs: 1_000_000 });
    await waitFor('the heartbeat', () => transport.sent.length === 1);
    await enqueue();
    await stopping.stop();
    expect(transport.of('participant.acknowledged.v1')).toHaveLength(1);
    expect(await left()).toBe(0);
  });

  it('does not wait for ever for a broker that does not answer', async () => {
    const stopping = sender({ acknowledge: () => new Promise<void>(() => undefined) }, { stopGraceMs: 20 });
    await enqueue();
    await stopping.stop();
    expect(await left()).toBe(1);
  });
});
