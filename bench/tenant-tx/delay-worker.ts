import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { port, eachWayMs } = workerData as { port: number; eachWayMs: number };

/** Passes everything on so much later, and in its order. Timers are late by up to a millisecond, for every variant alike. */
function passOn(from: Socket, to: Socket): void {
  from.setNoDelay(true);
  from.on('data', (piece) => {
    setTimeout(() => {
      if (to.writable) to.write(piece);
    }, eachWayMs);
  });
  from.on('error', () => undefined);
  from.on('close', () => to.destroy());
}

const server = createServer((client) => {
  const upstream = connect(port, '127.0.0.1');
  passOn(client, upstream);
  passOn(upstream, client);
});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
