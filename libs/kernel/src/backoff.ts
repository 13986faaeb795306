/** How the wait grows between attempts: `baseMs × 2^(attempt−1)`, never above `maxMs`. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** The wait in milliseconds after the given attempt (the first is 1). */
export function backoffMs(backoff: Backoff, attempt: number): number {
  const exponent = Math.min(Math.max(attempt, 1) - 1, 30);
  return Math.min(backoff.maxMs, backoff.baseMs * 2 ** exponent);
}
