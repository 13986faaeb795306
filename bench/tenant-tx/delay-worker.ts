import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/** A piece of what one end said, and when the other is to hear it. */
interface OnItsWay {
  readonly at: number;
  readonly to: Socket;
  readonly piece: Buffer;
}

const { port, eachWayMs } = workerData as { port: number; eachWayMs: number };

/** How long the thread sleeps at a time while something is on its way, and so by how much a piece may be late. */
const NAP_MS = 0.1;

/** In the order of their times, since everything takes equally long. */
const onTheirWay: OnItsWay[] = [];
const bed = new Int32Array(new SharedArrayBuffer(4));

/**
 * Passes on what is due. A timer of the event loop counts whole milliseconds, so that a variant whose answer misses one
 * would be charged a second one; this thread sleeps for a part of one instead.
 */
function passOn(): void {
  for (let next = onTheirWay[0]; next && next.at <= performance.now(); next = onTheirWay[0]) {
    onTheirWay.shift();
    if (next.to.writable) next.to.write(next.piece);
  }
  const [next] = onTheirWay;
  if (!next) return;
  Atomics.wait(bed, 0, 0, Math.min(NAP_MS, Math.max(0, next.at - performance.now())));
  setImmediate(passOn);
}

function delayed(from: Socket, to: Socket): void {
  from.setNoDelay(true);
  from.on('data', (piece) => {
    if (onTheirWay.length === 0) setImmediate(passOn);
    onTheirWay.push({ at: performance.now() + eachWayMs, to, piece });
  });
  from.on('error', () => undefined);
  from.on('close', () => to.destroy());
}

const server = createServer((client) => {
  const upstream = connect(port, '127.0.0.1');
  delayed(client, upstream);
  delayed(upstream, client);
});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
