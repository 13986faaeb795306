import { backoffMs } from '@tenantry/kernel';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bus } from './bus.js';

const CONNECT_BACKOFF = { baseMs: 250, maxMs: 5000 };

/** Tries until it works or `signal` aborts: the broker may be away for as long as it likes, and nothing else waits for it. */
export async function reach(
  { logger, reach: waiting }: Pick<Bus, 'logger' | 'reach'>,
  signal: AbortSignal,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      await work();
      waiting.reached(what);
      return;
    } catch (err) {
      waiting.waitsFor(what);
      logger.warn({ err, what, attempt }, 'the bus is not reachable yet');
      await delay(backoffMs(CONNECT_BACKOFF, attempt), undefined, { signal }).catch(() => undefined);
    }
  }
}
