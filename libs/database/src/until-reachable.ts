import { backoffMs, type Backoff } from '@tenantry/kernel';
import { Client } from 'pg';
import { setTimeout as delay } from 'node:timers/promises';

const BACKOFF: Backoff = { baseMs: 250, maxMs: 2_000 };
const CONNECT_TIMEOUT_MS = 5_000;
/** What says that nobody is there yet; the server's own: shutting down, crashed, starting, and no connection left. */
const NOT_THERE_YET = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'],
  ...['ENOTFOUND', '57P01', '57P02', '57P03', '53300'],
]);
/** The driver's own words, which come without a code. */
const DRIVER_MESSAGES = /^(Connection terminated|timeout expired|timeout exceeded)/;

export interface UntilReachableOptions {
  /** How long to go on trying. */
  readonly patienceMs: number;
  /** Told of the first failure, and that it is tried again. */
  readonly onWaiting: (error: unknown) => void;
}

/**
 * Waits until a connection to the database can be had, and closes it.
 *
 * @throws what the last try has thrown when the patience is over, and at once what no waiting mends, such as a wrong password.
 */
export async function untilReachable(
  url: string,
  { patienceMs, onWaiting }: UntilReachableOptions,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await connectOnce(url);
      return;
    } catch (error) {
      const pauseMs = backoffMs(BACKOFF, attempt);
      if (!isNotThereYet(error) || performance.now() + pauseMs > deadline) throw error;
      if (attempt === 1) onWaiting(error);
      await delay(pauseMs);
    }
  }
}

async function connectOnce(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } finally {
    await client.end().catch(() => undefined);
  }
}

function isNotThereYet(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('errors' in error && Array.isArray(error.errors) && error.errors.some(isNotThereYet)) return true;
  if ('code' in error && typeof error.code === 'string') return NOT_THERE_YET.has(error.code);
  return 'message' in error && DRIVER_MESSAGES.test(String(error.message));
}
