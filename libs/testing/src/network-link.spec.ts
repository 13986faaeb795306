import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { networkLink, type NetworkLink } from './network-link.js';
import { waitFor } from './wait-for.js';

describe('networkLink', () => {
  let echo: Server;
  let link: NetworkLink;
  const clients: Socket[] = [];
  beforeEach(async () => {
    echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    link = await networkLink((echo.address() as AddressInfo).port);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await link.close();
    echo.close();
  });

  /** A client that notes what it hears, and how its connection ended. */
  function client() {
    const socket = connect(link.port, '127.0.0.1');
    clients.push(socket);
    const heard = { text: '', ended: false, reset: false };
    socket.on('data', (piece) => (heard.text += piece.toString()));
    socket.on('error', () => (heard.reset = true));
    socket.on('close', () => (heard.ended = true));
    return { socket, heard };
  }
  const hears = ({ heard }: ReturnType<typeof client>, text: string) =>
    waitFor(`"${text}" to come back`, () => heard.text === text);

  it('passes everything on, the end included', async () => {
    const one = client();
    one.socket.write('hello ');
    one.socket.end('there');
    await hears(one, 'hello there');
    await waitFor('the end to come back', () => one.heard.ended);
    expect(one.heard.reset).toBe(false);
  });

  it('resets what there is and refuses what comes while it is cut', async () => {
    const before = client();
    before.socket.write('x');
    await hears(before, 'x');
    link.cut();
    await waitFor('the reset', () => before.heard.reset);
    const meanwhile = client();
    await waitFor('the refusal', () => meanwhile.heard.ended);
    link.heal();
    const after = client();
    after.socket.write('y');
    await hears(after, 'y');
  });

  it('delivers late and in order what was sent while it stalled', async () => {
    const before = client();
    before.socket.write('a');
    await hears(before, 'a');
    link.stall();
    const meanwhile = client();
    meanwhile.socket.write('b');
    before.socket.write('c');
    before.socket.write('d');
    // Longer than a whole link would take, many times over.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([before.heard.text, meanwhile.heard.text]).toEqual(['a', '']);
    link.heal();
    await hears(before, 'acd');
    await hears(meanwhile, 'b');
  });

  it('loses what is sent into a black hole, and its connection with it', async () => {
    const quiet = client();
    quiet.socket.write('q');
    const lost = client();
    lost.socket.write('a');
    await hears(quiet, 'q');
    await hears(lost, 'a');
    link.blackhole();
    lost.socket.write('b');
    await new Promise((resolve) => setTimeout(resolve, 50));
    link.heal();
    await waitFor('the connection to end', () => lost.heard.ended);
    expect(lost.heard.text).toBe('a');
    quiet.socket.write('r');
    await hears(quiet, 'qr');
  });

  it('takes its time in each direction', async () => {
    const one = client();
    one.socket.write('a');
    await hears(one, 'a');
    link.delay(100);
    const began = performance.now();
    one.socket.write('b');
    await hears(one, 'ab');
    expect(performance.now() - began).toBeGreaterThan(190);
  });
});
