import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { ServerDrain } from './server-drain.js';

let server: Server;
let drain: ServerDrain;
let answer: PromiseWithResolvers<void>;
let asked: PromiseWithResolvers<void>;

beforeEach(async () => {
  answer = Promise.withResolvers();
  asked = Promise.withResolvers();
  server = createServer((_request, response) => {
    asked.resolve();
    void answer.promise.then(() => response.end('done'));
  });
  drain = new ServerDrain(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => server.closeAllConnections());

async function client(): Promise<Socket> {
  const accepted = once(server, 'connection');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await accepted;
  return socket;
}

describe('a draining server', () => {
  it('does not wait for a client that never asks', async () => {
    const silent = await client();
    const disconnected = once(silent, 'close');
    await drain.close();
    await disconnected;
  });

  it('answers what is open first, says that it closes, and then disconnects', async () => {
    const socket = await client();
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    const disconnected = once(socket, 'close');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await asked.promise;
    const closed = drain.close();
    answer.resolve();
    await closed;
    await disconnected;
    expect(received).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(received).toMatch(/\r\nConnection: close\r\n/);
    expect(received).toMatch(/done/);
  });
});
