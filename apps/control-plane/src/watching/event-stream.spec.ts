import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tenantry/testing';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { EventStream } from './event-stream.js';

/** Often, so that a client is soon given up. */
const HEARTBEAT_MS = 200;
/** Never within a test: a client may be as slow as a busy machine makes it. */
const NO_HEARTBEAT_MS = 3_600_000;

let server: Server;
let client: Socket;
let received: string;
let response: ServerResponse;

beforeEach(async () => {
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const asked = once(server, 'request');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  received = '';
  client.on('error', () => undefined);
  client.on('data', (chunk: Buffer) => (received += chunk.toString()));
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  [, response] = (await asked) as [unknown, ServerResponse];
});

afterEach(async () => {
  client.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function opened(heartbeatMs: number): EventStream {
  const stream = new EventStream(response, heartbeatMs);
  stream.open();
  return stream;
}

const got = (text: string): Promise<true> =>
  waitFor(`the client to get ${text}`, () => received.includes(text));

/** Sends until the client, which reads nothing, can be sent no more: its own machine has taken in all that it can hold. */
async function fill(stream: EventStream): Promise<void> {
  const ballast = 'x'.repeat(1_000_000);
  let idle = 0;
  await waitFor('the client to be sent no more', () => {
    idle += 1;
    while (!response.writableNeedDrain && !response.destroyed) {
      stream.send({ event: 'e', data: ballast });
      idle = 0;
    }
    return idle > 3;
  });
}

describe('an event stream', () => {
  it('sends events with their ids, and heartbeats between them', async () => {
    const stream = opened(HEARTBEAT_MS);
    stream.send({ event: 'explanation', id: 'a', data: '{"one":1}' });
    await got('event: explanation\nid: a\ndata: {"one":1}\n\n');
    expect(received).toMatch(/^HTTP\/1.1 200 OK\r\nContent-Type: text\/event-stream\r\n/);
    await got(': still here\n\n');
    stream.end({ event: 'end', data: '{}' });
    await got('event: end\ndata: {}\n\n');
    await waitFor('the answer to be over', () => response.closed);
  });

  it('skips to the latest for a client that reads slowly, whatever happens meanwhile', async () => {
    const stream = opened(NO_HEARTBEAT_MS);
    client.pause();
    await fill(stream);
    const held = response.writableLength;
    for (let number = 0; number < 1000; number += 1)
      stream.send({ event: 'e', data: `late ${number} ${'x'.repeat(10_000)}` });
    expect(response.writableLength).toBe(held);
    client.resume();
    await got('late 999');
    expect(received).not.toContain('late 998');
  });

  it('gives up a client that reads nothing for several heartbeats', async () => {
    const stream = opened(HEARTBEAT_MS);
    client.pause();
    await fill(stream);
    await waitFor('the client to be cut off', () => response.destroyed);
  });

  it('does not wait long for a client that does not take in the end', async () => {
    const stream = opened(NO_HEARTBEAT_MS);
    client.pause();
    await fill(stream);
    stream.end({ event: 'end', data: '{}' });
    await waitFor('the client to be cut off', () => response.destroyed);
  });

  it('stops its heartbeats when the client is gone', async () => {
    const stream = opened(HEARTBEAT_MS);
    client.destroy();
    await waitFor('the answer to be closed', () => response.closed);
    stream.send({ event: 'e', data: 'nobody' });
    stream.end({ event: 'end', data: '{}' });
  });
});
