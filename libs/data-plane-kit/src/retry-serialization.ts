import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '@tenantry/kernel';
import { SQLSTATE } from './sql-errors.js';

const BACKOFF = { baseMs: 10, maxMs: 500 };
/** How many errors may be wrapped around the database's: an ORM's, the kit's. */
const DEPTH = 5;

/**
 * Does the work again, up to so many times, when the database ended it only because of others beside it: a serialization
 * failure or a deadlock. Waits a little longer each time, and never as long as another one that failed with it.
 */
export async function retrying<T>(retries: number, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt > retries || !isAboutOthers(error)) throw error;
      await delay(backoffMs(BACKOFF, attempt) * (0.5 + Math.random() / 2));
    }
  }
}

/** Whether somewhere in it is a serialization failure (40001) or a deadlock (40P01). */
function isAboutOthers(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > DEPTH) return false;
  const { code, cause, driverError } = error as { code?: unknown; cause?: unknown; driverError?: unknown };
  if (code === SQLSTATE.serializationFailure || code === SQLSTATE.deadlock) return true;
  return isAboutOthers(cause, depth + 1) || isAboutOthers(driverError, depth + 1);
}
