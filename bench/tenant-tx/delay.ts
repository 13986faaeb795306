import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A way to a server on which everything takes so much longer in each direction; in a thread of its own, so as not to be in the way. */
export interface Delay {
  /** The same URL, through the delay. */
  through(url: string): string;
  close(): Promise<void>;
}

export async function delay(serverUrl: string, eachWayMs: number): Promise<Delay> {
  const { port } = new URL(serverUrl);
  const worker = new Worker(new URL('./delay-worker.ts', import.meta.url), {
    workerData: { port: Number(port), eachWayMs },
  });
  const [listening] = (await once(worker, 'message')) as [number];
  return {
    through(url) {
      const delayed = new URL(url);
      delayed.host = `127.0.0.1:${listening}`;
      return delayed.href;
    },
    close: async () => void (await worker.terminate()),
  };
}
