import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import { waitFor } from '@tenantry/testing';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createKafkaControlPlaneTransport } from './kafka-control-plane-transport.js';
import { createKafkaParticipantTransport } from './kafka-participant-transport.js';

const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const message = { id: newId(), source: 's', type: 't.v1', time: 'now', subject: newId(), data: {} };

describe('a broker that accepts and never answers', () => {
  let broker: Server;
  let sockets: Socket[];
  let connected: Promise<unknown>;
  let pending: number;

  beforeEach(async () => {
    pending = pendingResources();
    sockets = [];
    broker = createServer((socket) => {
      sockets.push(socket.resume().on('error', () => undefined));
    });
    connected = new Promise((resolve) => broker.once('connection', resolve));
    await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    const closed = new Promise((resolve) => broker.close(resolve));
    sockets.forEach((socket) => socket.destroy());
    await closed;
    // What was left behind by a close that could not wait gives up by itself, within its own few retries.
    await waitFor('the abandoned attempts to end', () => pendingResources() <= pending, 20_000);
  }, 30_000);

  const connection = () => ({
    brokers: [`127.0.0.1:${(broker.address() as AddressInfo).port}`],
    clientId: 'test',
    logger,
  });

  const within = async (ms: number, work: () => Promise<void>): Promise<void> => {
    const began = performance.now();
    await work();
    expect(performance.now() - began).toBeLessThan(ms);
  };

  it('does not hold up the stop of a control plane', async () => {
    const transport = createKafkaControlPlaneTransport(connection());
    await transport.consumeAcknowledgements({
      participants: async () => ['reference'],
      handler: async () => undefined,
      onMalformed: async () => undefined,
    });
    await connected;
    await within(7_000, () => transport.close());
  });

  it('does not hold up the stop of a service, and what it could not send is refused', async () => {
    const transport = createKafkaParticipantTransport({ ...connection(), participant: 'reference' });
    await transport.consumeLifecycle({
      group: 'reference',
      handler: async () => undefined,
      onMalformed: async () => undefined,
    });
    const sending = transport.acknowledge([message]);
    const refused = expect(sending).rejects.toThrow('closed before the brokers answered');
    await connected;
    await within(7_000, () => transport.close());
    await refused;
  });
});

/** Timers and sockets that would keep the process alive. */
function pendingResources(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind.startsWith('TCP'))
    .length;
}
